// Package output writes files that appear under their name when they are complete: an
// interrupted command, or a full disk, leaves what stood there before.
package output

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// A File is one that is being written.
type File struct {
	file *os.File
	path string // its name to be; empty where the file already bears it
	ours bool   // standard output or error, which stays open for what else is printed
}

// Open opens the file before the work, so that a path which cannot be written fails at
// once. What is not a regular file, such as a pipe, and a file in a directory that takes no
// other, is written directly, and /dev/stdout to where standard output goes. A file by the
// name - is refused: whoever writes that means standard output.
func Open(path string) (*File, error) {
	if path == "-" {
		return nil, errors.New("-: want the name of a file; standard output is /dev/stdout")
	}
	target := path
	if pointed, err := filepath.EvalSymlinks(path); err == nil {
		target = pointed
	}
	mode, stood := os.FileMode(0o666), false // less the umask
	if info, err := os.Stat(target); err == nil {
		if standard := standardOf(info); standard != nil {
			return &File{file: standard, ours: true}, nil
		}
		mode, stood = info.Mode().Perm(), true
		if !info.Mode().IsRegular() {
			return directly(path)
		}
	}
	// A random name: one by process would be taken for ever by what a killed process left
	// behind, as every first process of a container has the same number.
	hidden := filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+"."+rand.Text())
	file, err := os.OpenFile(hidden, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode) //nolint:gosec // the user names the file
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT): // and what stands there stays
		return nil, &os.PathError{Op: "open", Path: path, Err: errors.Unwrap(err)}
	case err != nil:
		return directly(path)
	}
	if stood {
		_ = file.Chmod(mode) // without the umask, which is for new files
	}
	return &File{file: file, path: target}, nil
}

// standardOf returns standard output or error if info is its file; otherwise nil. Another
// file in its place would lose what is printed there beside it, and what stood there before.
func standardOf(info os.FileInfo) *os.File {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if own, err := f.Stat(); err == nil && os.SameFile(own, info) {
			return f
		}
	}
	return nil
}

// directly opens a file that keeps its content until another is written.
func directly(path string) (*File, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	return &File{file: file}, nil
}

// Complete writes the whole file and gives it its name.
func (f *File) Complete(write func(io.Writer) error) error {
	if f.ours {
		return write(f.file)
	}
	_ = f.file.Truncate(0) // a device has no length
	if err := write(f.file); err != nil {
		var fault *os.PathError
		if errors.As(err, &fault) && fault.Path == f.file.Name() && f.path != "" {
			fault.Path = f.path // the name that the user knows
		}
		return err
	}
	if err := f.file.Close(); err != nil || f.path == "" {
		return err
	}
	if err := os.Rename(f.file.Name(), f.path); err != nil {
		return f.copy(err)
	}
	f.path = ""
	return nil
}

// copy writes the complete file over the one of its name, which does not give the name
// away: a file that is mounted into a container, or another user's in a shared folder.
// failed is why it was not renamed.
func (f *File) copy(failed error) error {
	from, err := os.Open(f.file.Name())
	if err != nil {
		return errors.Join(failed, err)
	}
	defer from.Close()
	to, err := os.OpenFile(f.path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return errors.Join(failed, err)
	}
	_, err = io.Copy(to, from)
	if err := errors.Join(err, to.Close()); err != nil {
		f.path = "" // so that it is not dropped
		return fmt.Errorf("%w; the whole of it is in %s", err, f.file.Name())
	}
	return nil
}

// Drop removes the file unless it is complete. It may be called on nil.
func (f *File) Drop() {
	if f == nil || f.path == "" {
		return
	}
	_ = f.file.Close()
	_ = os.Remove(f.file.Name())
}

// Create opens and writes a file.
func Create(path string, write func(io.Writer) error) error {
	file, err := Open(path)
	if err != nil {
		return err
	}
	defer file.Drop()
	return file.Complete(write)
}
