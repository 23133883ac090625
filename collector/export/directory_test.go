package export_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector/export"
)

// store writes the scrapes as a Prometheus does, in blocks of an hour and the
// rest in the log, and returns its folder and that of a snapshot of it.
func store(t *testing.T) (data, snapshot string) {
	t.Helper()
	data, snapshot = t.TempDir(), t.TempDir()
	opts := tsdb.DefaultOptions()
	opts.MinBlockDuration, opts.MaxBlockDuration = time.Hour.Milliseconds(), time.Hour.Milliseconds()
	opts.RetentionDuration = 0
	db, err := tsdb.Open(data, slog.New(slog.DiscardHandler), nil, opts, nil)
	require.NoError(t, err)
	first, second := scrapes(1), scrapes(2)
	for i, s := range first {
		app := db.AppenderV2(t.Context())
		for k, value := range []float64{s.Value, second[i].Value} {
			_, err := app.Append(0, labels.FromMap(pods()[k]), 0, s.Time.UnixMilli(), value, nil, nil, storage.AppendV2Options{})
			require.NoError(t, err)
		}
		require.NoError(t, app.Commit())
	}
	require.NoError(t, db.Compact(t.Context()))
	require.Len(t, db.Blocks(), 1, "and the rest is in the head")
	require.NoError(t, db.Snapshot(snapshot, true))
	require.NoError(t, db.Close())
	return data, snapshot
}

func TestBlocksGiveWhatTheRangeQueryGives(t *testing.T) {
	server := start(t, t.TempDir())
	data, snapshot := store(t)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	for name, dir := range map[string]string{"blocks and log": data, "snapshot": snapshot} {
		t.Run(name, func(t *testing.T) {
			before := listing(t, dir)
			d, err := export.Read(t.Context(), dir, export.Options{Query: query})
			require.NoError(t, err)
			requireAnswer(t, server, d)
			require.Equal(t, before, listing(t, dir), "reading does not write")
		})
	}
	t.Run("a torn log", func(t *testing.T) {
		segments, err := filepath.Glob(filepath.Join(data, "wal", "0*"))
		require.NoError(t, err)
		torn := false
		for _, segment := range segments { // the last one may be empty
			info, err := os.Stat(segment)
			require.NoError(t, err)
			if info.Size() > 3 {
				require.NoError(t, os.Truncate(segment, info.Size()-3))
				torn = true
			}
		}
		require.True(t, torn)
		before := listing(t, data)
		d, err := export.Read(t.Context(), data, export.Options{Query: query})
		require.NoError(t, err)
		require.Positive(t, d.Rate.Observed())
		require.Equal(t, before, listing(t, data), "it is repaired in the copy only")
	})
	t.Run("one block", func(t *testing.T) {
		blocks, err := filepath.Glob(filepath.Join(data, "*", "meta.json"))
		require.NoError(t, err)
		require.Len(t, blocks, 1)
		d, err := export.Read(t.Context(), filepath.Dir(blocks[0]), export.Options{Query: query})
		require.NoError(t, err)
		requireSame(t, answered(t, server)[:d.Rate.Len()], d.Rate.Values)
		require.GreaterOrEqual(t, d.Rate.Len(), 57)
	})
	t.Run("the folder above", func(t *testing.T) {
		_, err := export.Read(t.Context(), filepath.Dir(data), export.Options{Query: query})
		require.ErrorContains(t, err, "no blocks and no write-ahead log of its own, but there are some in "+filepath.Base(snapshot)+", "+filepath.Base(data)+", want")
	})
	t.Run("a copy that is not finished", func(t *testing.T) {
		blocks, err := filepath.Glob(filepath.Join(snapshot, "*", "meta.json"))
		require.NoError(t, err)
		require.Len(t, blocks, 2)
		for i, block := range blocks {
			require.NoError(t, os.Truncate(block, 20))
			d, err := export.Read(t.Context(), snapshot, export.Options{Query: query})
			missing := "block " + filepath.Base(filepath.Dir(block)) + " is left out: its meta.json is missing or not whole"
			if i == len(blocks)-1 {
				require.ErrorContains(t, err, missing)
				continue
			}
			require.NoError(t, err)
			require.Contains(t, d.Notes, missing)
		}
	})
	t.Run("too much log", func(t *testing.T) {
		_, err := export.Read(t.Context(), data, export.Options{Query: query, MaxBytes: 100})
		require.ErrorContains(t, err, "more than 100 bytes of log")
	})
	require.Len(t, listing(t, temporary), 1, "of the copies nothing is left but the folder that they were in")
}

func TestDirectoriesThatAreNone(t *testing.T) {
	empty, temporary := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temporary)
	_, err := export.Read(t.Context(), empty, export.Options{Query: query})
	require.ErrorContains(t, err, "no blocks and no write-ahead log")

	broken := filepath.Join(empty, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
	require.NoError(t, os.MkdirAll(broken, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(broken, "meta.json"), []byte(`{"ulid":"01ARZ3NDEKTSV4RRFFQ69G5FAV","version":1}`), 0o600))
	_, err = export.Read(t.Context(), empty, export.Options{Query: query})
	require.ErrorContains(t, err, "open the database")
	require.ErrorContains(t, err, empty)

	require.NoError(t, os.WriteFile(filepath.Join(broken, "meta.json"), []byte(`{"ulid":"../../../../etc/some/where"}`), 0o600))
	_, err = export.Read(t.Context(), broken, export.Options{Query: query})
	require.ErrorContains(t, err, "no blocks")
	require.Len(t, listing(t, temporary), 1, "of the copies nothing is left but the folder that they were in")
}
