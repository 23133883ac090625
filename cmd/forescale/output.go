package main

import (
	"crypto/rand"
	"io"
	"os"
	"path/filepath"
)

// An output is a file that appears under its name when it is complete: an
// interrupted command, or a full disk, leaves what stood there before.
type output struct {
	*os.File

	path string // its name to be; empty where the file already bears it
}

// openOutput opens the file before the work, so that a path which cannot be written
// fails at once. What is no regular file, such as /dev/stdout, and a file in a
// directory that takes no other, is written directly.
func openOutput(path string) (*output, error) {
	target := path
	if pointed, err := filepath.EvalSymlinks(path); err == nil {
		target = pointed
	}
	mode := os.FileMode(0o666) // less the umask
	if info, err := os.Stat(target); err == nil {
		mode = info.Mode().Perm()
		if !info.Mode().IsRegular() {
			return directly(path)
		}
	}
	// A random name: one by process would be taken for ever by what a killed process left
	// behind, as every first process of a container has the same number.
	hidden := filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+"."+rand.Text())
	file, err := os.OpenFile(hidden, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode) //nolint:gosec // the user names the file
	if err != nil {
		return directly(path)
	}
	return &output{File: file, path: target}, nil
}

func directly(path string) (*output, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	return &output{File: file}, nil
}

// write writes the file and gives it its name.
func (o *output) write(write func(io.Writer) error) error {
	if err := write(o.File); err != nil {
		return err
	}
	if err := o.Close(); err != nil || o.path == "" {
		return err
	}
	if err := os.Rename(o.Name(), o.path); err != nil {
		return err
	}
	o.path = ""
	return nil
}

// drop removes the file unless it was written. It may be called on nil.
func (o *output) drop() {
	if o == nil || o.path == "" {
		return
	}
	_ = o.Close()
	_ = os.Remove(o.Name())
}

// create opens and writes a file.
func create(path string, write func(io.Writer) error) error {
	file, err := openOutput(path)
	if err != nil {
		return err
	}
	defer file.drop()
	return file.write(write)
}
