package export

import (
	"context"
	"io"
)

// Decode is [Read] of a file that is in r.
func Decode(ctx context.Context, r io.Reader, o Options) (Data, error) {
	if err := o.check(); err != nil {
		return Data{}, err
	}
	return decode(ctx, r, o)
}
