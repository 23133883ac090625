package safetensors

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// The caps of Decode. A network for one metric has some ten thousand weights;
// these leave room for a hundred times the largest that makes sense.
const (
	MaxHeader  = 1 << 20  // bytes of the JSON header
	MaxFile    = 64 << 20 // bytes in all
	MaxTensors = 1024
	maxRank    = 8
)

const metadataKey = "__metadata__"

// A Tensor is one named array of numbers.
type Tensor struct {
	Name  string
	Shape []int     // each > 0; empty for a single number
	Data  []float64 // row-major; len = the product of Shape; finite
}

// A File is the content of a safetensors file.
type File struct {
	Metadata map[string]string // nil if there is none
	Tensors  []Tensor          // by position in the file; names are unique
}

// Find returns the tensor of that name, or nil.
func (f *File) Find(name string) *Tensor {
	for i := range f.Tensors {
		if f.Tensors[i].Name == name {
			return &f.Tensors[i]
		}
	}
	return nil
}

// An entry is what the header says about one tensor.
type entry struct {
	name       string
	dtype      string
	shape      []int64
	begin, end int64
}

// width returns the bytes of one number of e, or 0 for a type that is not read.
func (e *entry) width() int64 {
	switch e.dtype {
	case "F32":
		return 4
	case "F64":
		return 8
	}
	return 0
}

// Decode reads a safetensors file from memory. It returns an error that names
// the tensor at fault if the file breaks the format, a cap or holds a number
// that is not finite; the memory it takes is bounded by the length of data.
func Decode(data []byte) (*File, error) {
	if len(data) > MaxFile {
		return nil, fmt.Errorf("safetensors: file of %d bytes, want at most %d", len(data), MaxFile)
	}
	if len(data) < 8 {
		return nil, fmt.Errorf("safetensors: file of %d bytes, want at least the 8 of the header length", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	if n > MaxHeader || n > uint64(len(data)-8) {
		return nil, fmt.Errorf("safetensors: header length is %d, want at most %d and the %d bytes that follow", n, MaxHeader, len(data)-8)
	}
	header, buffer := data[8:8+n], data[8+n:]
	entries, metadata, err := parseHeader(header)
	if err != nil {
		return nil, err
	}
	if err := checkLayout(entries, int64(len(buffer))); err != nil {
		return nil, err
	}
	f := &File{Metadata: metadata, Tensors: make([]Tensor, len(entries))}
	for i, e := range entries {
		if f.Tensors[i], err = decodeTensor(e, buffer[e.begin:e.end]); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// checkLayout sorts entries by position and returns an error unless each has the
// size of its shape and all together tile a buffer of the given length.
func checkLayout(entries []entry, length int64) error {
	for i := range entries {
		if err := entries[i].check(length); err != nil {
			return err
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end), cmp.Compare(a.name, b.name))
	})
	end := int64(0)
	for _, e := range entries {
		if e.begin != end {
			return fmt.Errorf("safetensors: tensor %q starts at byte %d, want %d: no hole and no overlap", e.name, e.begin, end)
		}
		end = e.end
	}
	if end != length {
		return fmt.Errorf("safetensors: tensors end at byte %d of %d, want them to fill the file", end, length)
	}
	return nil
}

func (e *entry) check(length int64) error {
	width := e.width()
	if width == 0 {
		return fmt.Errorf("safetensors: tensor %q has dtype %q, want F32 or F64", e.name, e.dtype)
	}
	if len(e.shape) > maxRank {
		return fmt.Errorf("safetensors: tensor %q has %d dimensions, want at most %d", e.name, len(e.shape), maxRank)
	}
	if e.begin < 0 || e.end < e.begin || e.end > length {
		return fmt.Errorf("safetensors: tensor %q lies at bytes %d to %d, want them ascending within %d", e.name, e.begin, e.end, length)
	}
	size := width
	for _, d := range e.shape {
		if d <= 0 || d > MaxFile || size*d > MaxFile { // no overflow: both are at most 2^26
			return fmt.Errorf("safetensors: tensor %q has shape %v, want positive sizes and at most %d bytes", e.name, e.shape, MaxFile)
		}
		size *= d
	}
	if size != e.end-e.begin {
		return fmt.Errorf("safetensors: tensor %q of shape %v needs %d bytes, has %d", e.name, e.shape, size, e.end-e.begin)
	}
	return nil
}

func decodeTensor(e entry, raw []byte) (Tensor, error) {
	t := Tensor{Name: e.name, Shape: make([]int, len(e.shape))}
	for i, d := range e.shape {
		t.Shape[i] = int(d)
	}
	width := int(e.width())
	t.Data = make([]float64, len(raw)/width)
	for i := range t.Data {
		if width == 4 {
			t.Data[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
		} else {
			t.Data[i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
		}
		if math.IsNaN(t.Data[i]) || math.IsInf(t.Data[i], 0) {
			return Tensor{}, fmt.Errorf("safetensors: tensor %q holds %v at position %d, want finite numbers", e.name, t.Data[i], i)
		}
	}
	return t, nil
}

// Encode writes f as F64, in the order of f.Tensors, so that [Decode] returns
// the same numbers bit for bit. Equal files give equal bytes. It returns an
// error that names the tensor if a name is used twice, a shape does not fit its
// data, or a number is not finite.
func Encode(f *File) ([]byte, error) {
	type description struct {
		DType   string   `json:"dtype"`
		Shape   []int    `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	header := make(map[string]any, len(f.Tensors)+1) // encoding/json sorts the keys
	if len(f.Metadata) > 0 {
		header[metadataKey] = f.Metadata
	}
	end := int64(0)
	for _, t := range f.Tensors {
		if err := encodable(t); err != nil {
			return nil, err
		}
		if _, taken := header[t.Name]; taken {
			return nil, fmt.Errorf("safetensors: tensor %q occurs twice", t.Name)
		}
		begin := end
		end += 8 * int64(len(t.Data))
		header[t.Name] = description{"F64", append([]int{}, t.Shape...), [2]int64{begin, end}}
	}
	text, err := json.Marshal(header)
	if err != nil {
		return nil, fmt.Errorf("safetensors: header: %w", err)
	}
	for len(text)%8 != 0 { // the reference aligns the buffer with spaces
		text = append(text, ' ')
	}
	out := binary.LittleEndian.AppendUint64(make([]byte, 0, 8+len(text)+int(end)), uint64(len(text)))
	out = append(out, text...)
	for _, t := range f.Tensors {
		for _, v := range t.Data {
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
		}
	}
	return out, nil
}

func encodable(t Tensor) error {
	size := 1
	for _, d := range t.Shape {
		size *= d
	}
	if t.Name == "" || t.Name == metadataKey {
		return fmt.Errorf("safetensors: tensor is named %q, want any other name", t.Name)
	}
	if size != len(t.Data) || size == 0 {
		return fmt.Errorf("safetensors: tensor %q of shape %v holds %d numbers, want %d and at least one", t.Name, t.Shape, len(t.Data), size)
	}
	for i, v := range t.Data {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("safetensors: tensor %q holds %v at position %d, want finite numbers", t.Name, v, i)
		}
	}
	return nil
}
