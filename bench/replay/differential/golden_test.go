package differential

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "record the golden traces of the ports anew")

// compare compares the golden file with content, or writes it.
func compare(t *testing.T, path string, content []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, content, 0o644))
		return
	}
	recorded, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(recorded, content), "%s is not what the real controller does; run with -update", path)
}

// table spells rows with one row a line.
func table(b *bytes.Buffer, rows [][]int64) {
	b.WriteString("[")
	for i, row := range rows {
		if i > 0 {
			b.WriteString(",")
		}
		line, _ := json.Marshal(row) // integers are always valid
		fmt.Fprintf(b, "\n%s", line)
	}
	b.WriteString("]")
}

// bits counts booleans as a binary number, the first one lowest.
func bits(flags ...bool) int64 {
	var n int64
	for i, f := range flags {
		if f {
			n |= 1 << i
		}
	}
	return n
}

func TestGoldenWalks(t *testing.T) {
	const syncs = 240
	all := walks()
	var b bytes.Buffer
	b.WriteString(`{"about": "decisions of the HPA controller of Kubernetes 1.36.3, recorded by ../../differential",` + "\n" +
		`"columns": ["seconds", "first, milli", "second, milli", "1 first failed + 2 second failed", "min", "max", "spec.replicas", "status.replicas", "ready pods", "spec.replicas after"],` + "\n" +
		`"walks": [`)
	for i, name := range slices.Sorted(maps.Keys(all)) {
		w := all[name]
		settings, err := json.Marshal(w.settings)
		require.NoError(t, err)
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, "\n{\"name\": %q, \"kind\": %q, \"settings\": %s, \"steps\": ", name, w.kind, settings)
		var rows [][]int64
		for _, s := range w.run(t, syncs, 1000, 0.25) {
			rows = append(rows, []int64{
				int64(s.At / time.Second), s.Loads[0], s.Loads[1], bits(s.Failed[:]...), int64(s.Bounds.Min), int64(s.Bounds.Max),
				int64(s.Scale.Spec), int64(s.Scale.Status), int64(s.Ready), int64(s.Want),
			})
		}
		table(&b, rows)
		b.WriteString("}")
	}
	b.WriteString("\n]}\n")
	compare(t, "../hpa/testdata/walks.json", b.Bytes())
}

func TestGoldenPods(t *testing.T) {
	const cases = 300
	var b bytes.Buffer
	b.WriteString(`{"about": "answers of the replica calculator of Kubernetes 1.36.3, recorded by ../../differential",` + "\n" +
		`"columns": ["phase", "1 deleted + 2 sampled", "started, s before now or -1", "ready", "changed, s before now", "usage, milli", "sampled, s before now", "window, s", "request, milli"],` + "\n" +
		`"cases": [`)
	synctest.Test(t, func(t *testing.T) {
		quiet()
		now := time.Now()
		ago := func(x time.Time) int64 { return int64(now.Sub(x) / time.Second) }
		r := rand.New(rand.NewPCG(3, 9))
		for i := range cases {
			c := randomCase(r, now)
			for j := range c.Pods { // whole seconds, and no decimals in the file
				c.Pods[j].At = c.Pods[j].At.Truncate(time.Second)
			}
			want, err := c.real(now)
			c.Want, c.Error = want, err != nil
			if i > 0 {
				b.WriteString(",")
			}
			var rows [][]int64
			for _, p := range c.Pods {
				started := int64(-1)
				if !p.Started.IsZero() {
					started = ago(p.Started)
				}
				rows = append(rows, []int64{
					int64(p.Phase), bits(p.Deleted, p.Sampled), started, int64(p.Ready), ago(p.Changed), p.Value, ago(p.At), int64(p.Window / time.Second), p.Request,
				})
			}
			fmt.Fprintf(&b, "\n{\"spec\": %d, \"percent\": %d, \"average\": %d, \"cpu\": %t, \"up\": %v, \"down\": %v, \"want\": %d, \"error\": %t, \"pods\": ",
				c.Spec, c.Percent, c.Average, c.CPU, c.Tolerances.Up, c.Tolerances.Down, c.Want, c.Error)
			table(&b, rows)
			b.WriteString("}")
		}
	})
	b.WriteString("\n]}\n")
	compare(t, "../hpa/testdata/pods.json", b.Bytes())
}
