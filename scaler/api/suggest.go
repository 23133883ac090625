package api

import "strings"

// suggest returns the end of a sentence that names what key under path may have
// meant, or the keys there are.
func suggest(path, key string, names []string) string {
	most := min(3, max(1, len(key)/2)) // of a short word hardly a letter would be left
	if best := Like(key, names, most); best != "" {
		return ", did you mean " + join(path, best) + "?"
	}
	return ", known here: " + strings.Join(names, ", ")
}

// Like returns which of names word most resembles, regardless of case: the first
// of those that fewest letters tell from it, inserted, removed or replaced, and
// most at the most. It is empty if there is none.
func Like(word string, names []string, most int) string {
	best := ""
	for _, name := range names {
		if d := editDistance(strings.ToLower(word), strings.ToLower(name)); d <= most {
			best, most = name, d-1
		}
	}
	return best
}

// editDistance is the Levenshtein distance of a and b in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
