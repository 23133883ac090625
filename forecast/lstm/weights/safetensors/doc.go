// Package safetensors reads and writes the safetensors file format: named arrays
// of numbers behind a header of JSON.
//
// # The format
//
//	8 bytes   N, the length of the header, little endian
//	N bytes   a JSON object: name → {dtype, shape, data_offsets: [begin, end]},
//	          and optionally __metadata__: string → string
//	the rest  the arrays, row-major, little endian, without holes or overlap;
//	          offsets count from here
//
// (https://github.com/huggingface/safetensors, README and safetensors/src/tensor.rs.)
//
// A weight file comes from outside, so [Decode] trusts nothing: sizes are capped
// before anything is allocated, a name may occur once, the arrays must tile the
// buffer exactly, and every number must be finite. Each error names the tensor
// at fault. Only F32 and F64 are read; both become float64.
package safetensors
