package main

import (
	"errors"
	"io"
	"os"
)

// stdin is how standard input is named in place of a file.
const stdin = "-"

// readNamed reads a file that the user names, or standard input.
func readNamed(path string) ([]byte, error) {
	if path == stdin {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(path) //nolint:gosec // the user names the file
}

// A readOnce reads each file once and keeps it, for a command that asks again: standard
// input and the pipe of <(…) give what they hold only once. The zero value has read none.
type readOnce struct{ texts map[string][]byte }

// file returns what [readNamed] gave for path the first time.
func (r *readOnce) file(path string) ([]byte, error) {
	if text, known := r.texts[path]; known {
		return text, nil
	}
	text, err := readNamed(path)
	if err != nil {
		return nil, err
	}
	if r.texts == nil {
		r.texts = map[string][]byte{}
	}
	r.texts[path] = text
	return text, nil
}

// checkStdin returns an error if more than one of paths is standard input, of which the
// second would find nothing.
func checkStdin(paths ...string) error {
	n := 0
	for _, path := range paths {
		if path == stdin {
			n++
		}
	}
	if n > 1 {
		return errors.New("standard input is named more than once (-): want it for one file")
	}
	return nil
}
