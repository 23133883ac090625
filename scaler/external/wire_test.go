package external

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// encode returns ref as its bytes; the order of its metadata is random.
func encode(tb testing.TB, ref *pb.ScaledObjectRef) []byte {
	tb.Helper()
	raw, err := proto.Marshal(ref)
	require.NoError(tb, err)
	return raw
}

// appendEntry adds one more entry of metadata to an encoded ScaledObjectRef.
func appendEntry(raw []byte, key, value string) []byte {
	var pair []byte
	pair = protowire.AppendString(protowire.AppendTag(pair, 1, protowire.BytesType), key)
	pair = protowire.AppendString(protowire.AppendTag(pair, 2, protowire.BytesType), value)
	return protowire.AppendBytes(protowire.AppendTag(slices.Clone(raw), 3, protowire.BytesType), pair)
}

func TestEncodedRequestsAreRecognized(t *testing.T) {
	r, now := newRegistry(time.Hour), time.Unix(1000, 0)
	name := objectName{"shop", "web"}
	v, _, err := r.find(name, web(), now)
	require.NoError(t, err)
	other, _, err := r.find(name, web("metricName", "other"), now)
	require.NoError(t, err)
	_, _, err = r.find(name, web("mode", "Off"), now)
	require.Error(t, err)
	for range 20 { // orders of the metadata
		require.Same(t, v, r.known(encode(t, refTo(web())), now))
		require.Same(t, other, r.known(encode(t, refTo(web("metricName", "other"))), now))
	}
	later := now.Add(time.Minute)
	r.known(encode(t, refTo(web())), later)
	require.Equal(t, later.Unix(), v.used.Load(), "it counts as use")

	short := web()
	delete(short, "enableTLS")
	for why, raw := range map[string][]byte{
		"nothing":                 nil,
		"no message":              {0xff},
		"cut off":                 encode(t, refTo(web()))[:40],
		"another ScaledObject":    encode(t, &pb.ScaledObjectRef{Namespace: "shop", Name: "api", ScalerMetadata: web()}),
		"another namespace":       encode(t, &pb.ScaledObjectRef{Namespace: "shops", Name: "web", ScalerMetadata: web()}),
		"another value":           encode(t, refTo(web("metric.query", "up"))),
		"one key more":            encode(t, refTo(web("metric.step", "30s"))),
		"one key less":            encode(t, refTo(short)),
		"one less, one twice":     appendEntry(encode(t, refTo(short)), "metricName", "requests"),
		"a field of a later KEDA": protowire.AppendVarint(protowire.AppendTag(encode(t, refTo(web())), 4, protowire.VarintType), 1),
		"faulty metadata":         encode(t, refTo(web("mode", "Off"))),
	} {
		require.Nil(t, r.known(raw, now), why)
	}

	// A replaced variant, and one that takes turns with it, are a matter for find.
	edited, _, err := r.find(name, web("metric.step", "30s"), now)
	require.NoError(t, err)
	require.Nil(t, r.known(encode(t, refTo(web())), now))
	require.Nil(t, r.known(encode(t, refTo(web("metric.step", "30s"))), now))
	for range maxMisses {
		_, _, err = r.find(name, web("metric.step", "30s"), now)
		require.NoError(t, err)
	}
	require.Same(t, edited, r.known(encode(t, refTo(web("metric.step", "30s"))), now))
}

// A request that is not plainly two fields goes the long way, by the generated code.
func TestSplitAsk(t *testing.T) {
	field := func(raw []byte, n protowire.Number, text string) []byte {
		return protowire.AppendString(protowire.AppendTag(slices.Clone(raw), n, protowire.BytesType), text)
	}
	plain := field(field(nil, askMetric, "rps"), askRef, "ref") // in any order
	ref, metric, ok := splitAsk(plain)
	require.True(t, ok)
	require.Equal(t, "ref rps", string(ref)+" "+string(metric))
	for why, raw := range map[string][]byte{
		"a reference twice":       field(plain, askRef, "other"),
		"an empty one before":     field(field(field(nil, askRef, ""), askRef, "ref"), askMetric, "rps"),
		"a metric twice":          field(plain, askMetric, "other"),
		"a field of a later KEDA": field(plain, 3, "more"),
		"cut off":                 plain[:len(plain)-1],
	} {
		_, _, ok := splitAsk(raw)
		require.False(t, ok, why)
	}
}

func TestLargeMetadataTakesTheOtherWay(t *testing.T) {
	r, now := newRegistry(time.Hour), time.Unix(1000, 0)
	for _, n := range []int{maxEntries, maxEntries + 1} {
		name := objectName{"shop", strconv.Itoa(n)}
		m := web()
		for i := 0; len(m) < n; i++ {
			for field, text := range map[string]string{"name": "sale", "start": "2026-11-27T08:00:00Z", "duration": "2h", "add": "100"} {
				if len(m) < n {
					m[fmt.Sprintf("forecast.events.%d.%s", i, field)] = text
				}
			}
		}
		v, _, _ := r.find(name, m, now) // its last event may lack a field
		if v.trigger == nil {
			require.Nil(t, r.known(encode(t, &pb.ScaledObjectRef{Namespace: "shop", Name: strconv.Itoa(n), ScalerMetadata: m}), now))
		}
		require.Equal(t, n <= maxEntries, v.matches(encode(t, refTo(m))))
		short := maps.Clone(m)
		delete(short, "enableTLS")
		require.False(t, v.matches(encode(t, refTo(short))))
	}
}

func TestRecognizingARequestDoesNotAllocate(t *testing.T) {
	r, now, raw := newRegistry(time.Hour), time.Unix(1000, 0), encode(t, refTo(web()))
	_, _, err := r.find(objectName{"shop", "web"}, web(), now)
	require.NoError(t, err)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if r.known(raw, now) == nil {
			panic("not known")
		}
	}))
}

// FuzzEncoded compares the short way with the generated code, on arbitrary bytes:
// what the first recognizes, the second decodes to the metadata of that variant.
func FuzzEncoded(f *testing.F) {
	f.Add(encode(f, refTo(web())))
	f.Add(appendEntry(encode(f, refTo(web())), "metricName", "requests"))
	f.Add([]byte{0x0a, 0x00, 0x12, 0x80})
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, now := newRegistry(time.Hour), time.Unix(1000, 0)
		var ref pb.ScaledObjectRef
		decodable := proto.Unmarshal(raw, &ref) == nil
		name := objectName{ref.GetNamespace(), ref.GetName()}
		if decodable {
			_, _, _ = r.find(name, ref.GetScalerMetadata(), now)
		}
		_, _, _ = r.find(objectName{"shop", "web"}, web(), now)
		v := r.known(raw, now)
		if v == nil {
			return
		}
		require.True(t, decodable)
		require.Equal(t, v.trigger.key.Namespace, name.namespace)
		require.Equal(t, v.trigger.key.Name, name.name)
		require.Equal(t, ref.GetScalerMetadata(), v.metadata)
	})
}
