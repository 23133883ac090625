package api

import (
	"encoding"
	"reflect"
	"strings"
)

// suggest returns the end of a sentence that names what key under path may have
// meant, or the keys there are.
func suggest(path, key string, names []string) string {
	if best := Like(key, names, mostEdits(key)); best != "" {
		return ", did you mean " + join(path, best) + "?"
	}
	return ", known here: " + strings.Join(names, ", ")
}

// suggestPath is [suggest] for a dotted key from the root: it looks for the whole key, and
// then for one that ends in the same word, as where the part before it is left out.
func suggestPath(key string, root reflect.Type) string {
	all := paths(root, "")
	last := key[strings.LastIndexByte(key, '.')+1:]
	best := Like(key, all, mostEdits(last))
	for _, path := range all {
		if best == "" && strings.EqualFold(path[strings.LastIndexByte(path, '.')+1:], last) {
			best = path
		}
	}
	if best == "" {
		return suggest("", key, fieldNames(root))
	}
	return ", did you mean " + best + "?"
}

// mostEdits returns how far a suggestion may be from word: three edits, and no more than half of
// its letters, because a short word resembles almost any other.
func mostEdits(word string) int { return min(3, max(1, len(word)/2)) }

// paths returns the dotted keys of the values in t, below path. A list contributes the keys of
// its first element.
func paths(t reflect.Type, path string) []string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	list := t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
	switch {
	case list:
		return paths(t.Elem(), join(path, "0"))
	case t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return []string{path}
	}
	var out []string
	for i, name := range fieldNames(t) {
		out = append(out, paths(t.Field(i).Type, join(path, name))...)
	}
	return out
}

// Like returns the first of the names at the least edit distance from word, regardless of case.
// It returns "" if all are more than most edits away.
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
