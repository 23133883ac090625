package safetensors

import (
	"encoding/binary"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// file puts a header before a buffer.
func file(header string, buffer ...byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), buffer...)
}

func f32(values ...float32) []byte {
	var out []byte
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
	}
	return out
}

func TestDecodeReadsBothWidthsInAnyOrder(t *testing.T) {
	buffer := f32(1.5, -2)
	buffer = binary.LittleEndian.AppendUint64(buffer, math.Float64bits(math.Pi))
	f, err := Decode(file(`{"b":{"dtype":"F64","shape":[],"data_offsets":[8,16]},`+
		`"a":{"shape":[1,2],"dtype":"F32","data_offsets":[0,8]},"__metadata__":{"version":"1"}}  `, buffer...))
	require.NoError(t, err)
	require.Equal(t, &File{
		Metadata: map[string]string{"version": "1"},
		Tensors: []Tensor{
			{Name: "a", Shape: []int{1, 2}, Data: []float64{1.5, -2}},
			{Name: "b", Shape: []int{}, Data: []float64{math.Pi}},
		},
	}, f)
	require.Equal(t, "b", f.Find("b").Name)
	require.Nil(t, f.Find("c"))
}

func TestEncodeAndDecodeAreInverse(t *testing.T) {
	want := &File{
		Metadata: map[string]string{"format": "x", "note": "ü \" \\"},
		Tensors: []Tensor{
			{Name: "z", Shape: []int{2, 3}, Data: []float64{1, 2, 3, 4, 5, 1e-300}},
			{Name: "a.b", Shape: []int{1}, Data: []float64{-0.1}},
		},
	}
	data, err := Encode(want)
	require.NoError(t, err)
	got, err := Decode(data)
	require.NoError(t, err)
	require.Equal(t, want, got)
	again, err := Encode(got)
	require.NoError(t, err)
	require.Equal(t, data, again)
}

func TestEncodeRefuses(t *testing.T) {
	for name, f := range map[string]*File{
		`tensor "a" occurs twice`:                                {Tensors: []Tensor{{"a", []int{1}, []float64{1}}, {"a", []int{1}, []float64{1}}}},
		`tensor "a" of shape [2] holds 1 numbers, want 2`:        {Tensors: []Tensor{{"a", []int{2}, []float64{1}}}},
		`tensor "a" holds NaN at position 0, want finite`:        {Tensors: []Tensor{{"a", []int{1}, []float64{math.NaN()}}}},
		`tensor is named "__metadata__", want any other name`:    {Tensors: []Tensor{{"__metadata__", []int{1}, []float64{1}}}},
		`tensor "a" of shape [0] holds 0 numbers, want 0 and at`: {Tensors: []Tensor{{"a", []int{0}, nil}}},
	} {
		_, err := Encode(f)
		require.ErrorContains(t, err, name)
	}
}

// Each row is a hostile or broken file and the words that tell its owner why.
func TestDecodeRefuses(t *testing.T) {
	one := `{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":                {nil, "file of 0 bytes, want at least the 8"},
		"header beyond file":   {binary.LittleEndian.AppendUint64(nil, 1000), "header length is 1000, want at most 1048576 and the 0 bytes"},
		"header of 2^63":       {binary.LittleEndian.AppendUint64(nil, 1<<63), "header length is 9223372036854775808"},
		"not JSON":             {file("[]"), "does not start with {"},
		"no header":            {file(""), "does not start with {"},
		"truncated JSON":       {file(`{"a":{"dtype":"F32",`), `tensor "a": EOF`},
		"twice":                {file(`{"a":`+one+`,"a":`+one+`}`, f32(1)...), `tensor "a" occurs twice`},
		"key twice":            {file(`{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, f32(1)...), `tensor "a": "dtype" occurs twice`},
		"tail after header":    {file(`{"a":`+one+`}{}`, f32(1)...), "something follows the closing brace"},
		"half precision":       {file(`{"w":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}`, f32(1)...), `tensor "w" has dtype "F16", want F32 or F64`},
		"shape against bytes":  {file(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, f32(1)...), `tensor "w" of shape [2] needs 8 bytes, has 4`},
		"huge shape":           {file(`{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}`, f32(1)...), `tensor "w" has shape [4294967296 4294967296], want positive`},
		"shape that overflows": {file(`{"w":{"dtype":"F32","shape":[67108864,67108864,67108864,0],"data_offsets":[0,4]}}`, f32(1)...), `tensor "w" has shape`},
		"negative shape":       {file(`{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, f32(1)...), `tensor "w" has shape [-1]`},
		"fraction in shape":    {file(`{"w":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}`, f32(1)...), `tensor "w": 1.5 in place of a whole number`},
		"shape is null":        {file(`{"w":{"dtype":"F32","shape":null,"data_offsets":[0,4]}}`, f32(1)...), `tensor "w": <nil> in place of [`},
		"offsets reversed":     {file(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, f32(1)...), `tensor "w" lies at bytes 4 to 0`},
		"offsets beyond file":  {file(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, f32(1)...), `tensor "w" lies at bytes 4 to 8`},
		"one offset":           {file(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[0]}}`, f32(1)...), `tensor "w": 1 data_offsets, want 2`},
		"no dtype":             {file(`{"w":{"shape":[1],"data_offsets":[0,4]}}`, f32(1)...), `tensor "w": want dtype, shape and data_offsets`},
		"unknown key":          {file(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, f32(1)...), `tensor "w": "x" is unknown`},
		"overlap":              {file(`{"a":`+one+`,"b":`+one+`}`, f32(1)...), `tensor "b" starts at byte 0, want 4`},
		"hole":                 {file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, f32(1, 2)...), `tensor "a" starts at byte 4, want 0`},
		"bytes left over":      {file(`{"a":`+one+`}`, f32(1, 2)...), "tensors end at byte 4 of 8"},
		"not finite":           {file(`{"a":`+one+`}`, f32(float32(math.Inf(1)))...), `tensor "a" holds +Inf at position 0`},
		"metadata of numbers":  {file(`{"__metadata__":{"a":1}}`), `__metadata__: "a" is 1, want a text`},
		"metadata twice":       {file(`{"__metadata__":{"a":"1","a":"2"}}`), `__metadata__: "a" occurs twice`},
		"many dimensions":      {file(`{"w":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}`, f32(1)...), `tensor "w" has 9 dimensions`},
		"entry is a number":    {file(`{"w":3}`), `tensor "w": 3 in place of {`},
	} {
		_, err := Decode(c.data)
		require.ErrorContainsf(t, err, c.want, name)
	}
}

func TestDecodeCapsTheNumberOfTensors(t *testing.T) {
	var b strings.Builder
	b.WriteByte('{')
	for i := range MaxTensors + 1 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + strings.Repeat("x", i+1)[:i%700+1] + string(rune('A'+i/700)) + `":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`)
	}
	b.WriteByte('}')
	_, err := Decode(file(b.String(), f32(1)...))
	require.ErrorContains(t, err, "is one too many, want at most 1024")
}

// FuzzDecode looks for a panic, for memory out of proportion to the input, and
// for a file that is accepted but does not survive a round trip.
func FuzzDecode(f *testing.F) {
	good, err := Encode(&File{Metadata: map[string]string{"k": "v"}, Tensors: []Tensor{{"w", []int{2, 1}, []float64{1, 2}}}})
	require.NoError(f, err)
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, f32(1)...))
	f.Add(file(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}`, f32(1)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := Decode(data)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20+200*len(data)))
		if err != nil {
			return
		}
		again, err := Encode(got)
		require.NoError(t, err)
		back, err := Decode(again)
		require.NoError(t, err)
		require.Equal(t, got.Tensors, back.Tensors)
	})
}
