package export

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// foreign are the beginnings of files that are asked for in another form. The first bytes
// tell more than the bytes of zero, which most of them hold and by which they would be called
// binary.
var foreign = [...]struct{ magic, what string }{ //nolint:gochecknoglobals // a constant table
	{"\xff\xfe", "the text is UTF-16, as PowerShell writes what > is given: want UTF-8"},
	{"\xfe\xff", "the text is UTF-16: want UTF-8"},
	{"\x28\xb5\x2f\xfd", "the file is compressed with zstd: want it with gzip, or as it is"},
	{"\xfd7zXZ\x00", "the file is compressed with xz: want it with gzip, or as it is"},
	{"BZh", "the file is compressed with bzip2: want it with gzip, or as it is"},
	{"\x04\x22\x4d\x18", "the file is compressed with lz4: want it with gzip, or as it is"},
	{"\x1f\x8b", "the file is compressed with gzip twice: want it once, or as it is"},
	{"PK\x03\x04", "the file is a zip archive or a spreadsheet: want what it holds, as CSV"},
	{"PAR1", "the file is binary, of Parquet: want it as CSV"},
}

// checkForeign returns an error that says what a file is that begins as a foreign one.
func checkForeign(head []byte) error {
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.magic)) {
			return errors.New(f.what)
		}
	}
	return nil
}

// An unzipped file says when it was cut off.
type unzipped struct{ zip *gzip.Reader }

// Read implements io.Reader.
func (u unzipped) Read(p []byte) (int, error) {
	n, err := u.zip.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the gzip file is cut off: %w", err)
	}
	return n, err
}
