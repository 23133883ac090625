package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/tsdb"
)

// readDirectory evaluates the data of a Prometheus, a snapshot, or one block.
func readDirectory(ctx context.Context, path string, o Options) (_ Data, err error) {
	source, err := filepath.Abs(path)
	if err != nil {
		return Data{}, err
	}
	m := mirror{left: o.maxBytes(), limit: o.maxBytes()}
	d, err := openDatabase(tsdb.DefaultOptions(), func(dir string) error { return m.fill(ctx, source, dir) })
	if err != nil {
		return Data{}, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	out, err := d.evaluate(ctx, o, func(string) bool { return false }) // a block does not tell
	out.Notes = append(m.notes, out.Notes...)
	return out, err
}

// A mirror makes a copy of a data directory that a database can be opened on, and write
// to, without touching the original: the blocks are linked, the log is copied.
type mirror struct {
	left, limit int64    // bytes to copy
	notes       []string // what is missing, for the user
}

func (m *mirror) fill(ctx context.Context, source, dir string) error {
	if name, isBlock := blockName(source); isBlock {
		return m.link(source, filepath.Join(dir, name))
	}
	entries, err := os.ReadDir(source)
	if err != nil {
		return reason(err)
	}
	found := false
	for _, e := range entries {
		from := filepath.Join(source, e.Name())
		switch name, isBlock := blockName(from); {
		case ctx.Err() != nil:
			return ctx.Err()
		case isBlock:
			err = m.link(from, filepath.Join(dir, name))
		case e.Name() == "wal", e.Name() == "wbl", e.Name() == "chunks_head":
			err = m.copyAll(ctx, from, filepath.Join(dir, e.Name()))
		default:
			if e.IsDir() && blockID.MatchString(e.Name()) { // as of a copy that is not finished
				m.notes = append(m.notes, fmt.Sprintf("block %s is left out: its meta.json is missing or not whole", e.Name()))
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", e.Name(), err)
		}
		found = true
	}
	switch {
	case found:
		return nil
	case len(m.notes) > 0:
		return errors.New(strings.Join(m.notes, "; "))
	default:
		return fmt.Errorf("the directory holds no blocks and no write-ahead log%s, want the data of a Prometheus, a snapshot of it (below data/snapshots), or one block", below(source, entries))
	}
}

// blockID is what the folder of a block is called, a ULID. While a Prometheus makes or deletes
// a block it has another name.
var blockID = regexp.MustCompile(`^[0-7][0-9A-HJKMNP-TV-Z]{25}$`)

// below says in which folders of source there are blocks, as those of tenants or of
// snapshots: the newest by name first, and three at most.
func below(source string, entries []os.DirEntry) string {
	var found []string
	for _, e := range slices.Backward(entries) {
		inside, err := os.ReadDir(filepath.Join(source, e.Name()))
		if err == nil && slices.ContainsFunc(inside, func(f os.DirEntry) bool {
			_, isBlock := blockName(filepath.Join(source, e.Name(), f.Name()))
			return isBlock
		}) {
			found = append(found, e.Name())
		}
	}
	if len(found) == 0 {
		return ""
	}
	return " of its own, but there are some in " + strings.Join(found[:min(3, len(found))], ", ")
}

// blockName returns the identifier of the block at path, if there is one.
func blockName(path string) (string, bool) {
	text, err := os.ReadFile(filepath.Join(path, "meta.json")) //nolint:gosec // the user names the directory
	if err != nil {
		return "", false
	}
	var meta struct {
		ULID string `json:"ulid"`
	}
	err = json.Unmarshal(text, &meta)
	ok := err == nil && len(meta.ULID) == 26 && filepath.IsLocal(meta.ULID) && !strings.ContainsAny(meta.ULID, `/\`)
	return meta.ULID, ok
}

// link makes the folders of a block anew and links its files.
func (*mirror) link(from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(to, inside), 0o700)
		}
		return os.Symlink(path, filepath.Join(to, inside))
	})
}

// copyAll copies the files of a folder. Those that vanish meanwhile were no
// longer needed.
func (m *mirror) copyAll(ctx context.Context, from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		inside, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(to, inside), 0o700)
		}
		return m.copyFile(path, filepath.Join(to, inside))
	})
}

func (m *mirror) copyFile(from, to string) (err error) {
	in, err := os.Open(from) //nolint:gosec // below the directory that the user names
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to) //nolint:gosec // below our own temporary folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	n, err := io.Copy(out, io.LimitReader(in, m.left+1))
	if m.left -= n; m.left < 0 && err == nil {
		err = fmt.Errorf("more than %d bytes of log; take a snapshot, which has none", m.limit)
	}
	return err
}
