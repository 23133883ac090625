package external

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec below rests on it
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// The same metadata arrives with every call, and decoding it into a map costs some
// fifty allocations, more than all the rest of our part of a call. So requests stay
// encoded, and are compared with the known variants in place. Only requests that are
// not known, or not in the usual encoding, are decoded by the generated code. Both
// paths end in the same functions.

// The numbers of the fields in externalscaler.proto.
const (
	refName, refNamespace, refMetadata = 1, 2, 3 // ScaledObjectRef
	entryKey, entryValue               = 1, 2    // an entry of its scalerMetadata
	askRef, askMetric                  = 1, 2    // GetMetricsRequest
)

// maxEntries bounds the metadata that is compared in place, by the bits of seen.
const maxEntries = 64

// A message is a request in its encoding.
type message struct{ raw []byte }

// A codec is the codec of protocol buffers that leaves a message encoded.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2("proto")} }

// Unmarshal decodes data into v, or copies it if v is a message.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	if m, ok := v.(*message); ok {
		m.raw = data.Materialize()
		return nil
	}
	if err := c.CodecV2.Unmarshal(data, v); err != nil {
		return fmt.Errorf("decoding %T: %w", v, err)
	}
	return nil
}

// description is that of the generated code, with the unary methods answered
// from their encoded requests.
func (s *service) description() *grpc.ServiceDesc {
	desc := pb.ExternalScaler_ServiceDesc
	desc.Methods = []grpc.MethodDesc{
		method(pb.ExternalScaler_IsActive_FullMethodName, "IsActive", func(ctx context.Context, m *message) (*pb.IsActiveResponse, error) {
			if v := s.known(m.raw); v != nil {
				return s.activity(ctx, v), nil
			}
			return decoded(ctx, m, new(pb.ScaledObjectRef), s.IsActive)
		}),
		method(pb.ExternalScaler_GetMetricSpec_FullMethodName, "GetMetricSpec", func(ctx context.Context, m *message) (*pb.GetMetricSpecResponse, error) {
			if v := s.known(m.raw); v != nil {
				return s.specification(v), nil
			}
			return decoded(ctx, m, new(pb.ScaledObjectRef), s.GetMetricSpec)
		}),
		method(pb.ExternalScaler_GetMetrics_FullMethodName, "GetMetrics", func(ctx context.Context, m *message) (*pb.GetMetricsResponse, error) {
			if ref, metric, ok := splitAsk(m.raw); ok {
				if v := s.known(ref); v != nil && v.trigger.key.Metric == string(metric) {
					return s.metrics(ctx, v)
				}
			}
			return decoded(ctx, m, new(pb.GetMetricsRequest), s.GetMetrics)
		}),
	}
	return &desc
}

// method describes a unary method that takes its request encoded.
func method[Out any](full, name string, serve func(context.Context, *message) (Out, error)) grpc.MethodDesc {
	next := func(ctx context.Context, req any) (any, error) {
		return serve(ctx, req.(*message)) //nolint:forcetypeassert // made below
	}
	return grpc.MethodDesc{
		MethodName: name,
		Handler: func(srv any, ctx context.Context, decode func(any) error, around grpc.UnaryServerInterceptor) (any, error) {
			m := new(message)
			if err := decode(m); err != nil {
				return nil, err
			}
			if around == nil {
				return next(ctx, m)
			}
			return around(ctx, m, &grpc.UnaryServerInfo{Server: srv, FullMethod: full}, next)
		},
	}
}

// decoded decodes m by the generated code and serves it.
func decoded[In proto.Message, Out any](ctx context.Context, m *message, in In, serve func(context.Context, In) (Out, error)) (out Out, err error) {
	if err := proto.Unmarshal(m.raw, in); err != nil {
		return out, status.Errorf(codes.Internal, "decoding the request: %v", err)
	}
	return serve(ctx, in)
}

// known returns the variant whose metadata an encoded ScaledObjectRef holds; nil unless it is the
// current variant of a valid trigger that is not contested.
func (s *service) known(ref []byte) *variant { return s.registry.known(ref, s.now()) }

// known is find for an encoded ScaledObjectRef that changes nothing. It does not
// allocate.
func (r *registry) known(ref []byte, now time.Time) *variant {
	name, namespace, ok := identity(ref)
	if !ok {
		return nil
	}
	r.mu.RLock()
	v := r.objects[objectName{string(namespace), string(name)}].encoded(ref)
	r.mu.RUnlock()
	if v == nil || v.trigger == nil || v.trigger.current.Load() != v || v.trigger.contested.Load() {
		return nil
	}
	v.touch(now.Unix())
	return v
}

// encoded returns the variant whose metadata an encoded ScaledObjectRef holds, nil if there is
// none.
func (o *object) encoded(ref []byte) *variant {
	if o == nil {
		return nil
	}
	for _, v := range o.variants {
		if v.matches(ref) {
			return v
		}
	}
	return nil
}

// matches reports whether the metadata in ref is that of v: each entry is in v, and each of v was
// seen. Entries come in any order.
func (v *variant) matches(ref []byte) bool {
	if len(v.entries.ends) > maxEntries {
		return false
	}
	var seen uint64
	for len(ref) > 0 {
		f, rest, ok := next(ref)
		if !ok {
			return false
		}
		ref = rest
		if f.number != refMetadata {
			continue
		}
		bit := v.entries.find(f.value, seen)
		if bit == 0 {
			return false
		}
		seen |= bit
	}
	return seen == 1<<len(v.entries.ends)-1
}

// entries are a variant's metadata as the encoded entries of a map, one after the
// other. With thousands of variants hardly any is in the CPU cache when its call comes. One
// contiguous slice that is read in order is loaded much faster than a map of strings.
type entries struct {
	encoded []byte
	ends    []int // of each entry in encoded
}

// entriesOf encodes metadata as the generated code does: key and value, both also
// when empty. Requests that are encoded otherwise are decoded.
func entriesOf(metadata map[string]string) entries {
	var e entries
	for k, v := range metadata {
		e.encoded = protowire.AppendString(protowire.AppendTag(e.encoded, entryKey, protowire.BytesType), k)
		e.encoded = protowire.AppendString(protowire.AppendTag(e.encoded, entryValue, protowire.BytesType), v)
		e.ends = append(e.ends, len(e.encoded))
	}
	return entries{slices.Clip(e.encoded), slices.Clip(e.ends)}
}

// find returns the bit of the entry raw, zero if there is none or its bit is in seen.
func (e *entries) find(raw []byte, seen uint64) uint64 {
	from := 0
	for i, to := range e.ends {
		if bit := uint64(1) << i; to-from == len(raw) && seen&bit == 0 && bytes.Equal(e.encoded[from:to], raw) {
			return bit
		}
		from = to
	}
	return 0
}

// identity returns the name and namespace in an encoded ScaledObjectRef; ok is
// false unless it has just these fields and its metadata.
func identity(ref []byte) (name, namespace []byte, ok bool) {
	for len(ref) > 0 {
		f, rest, ok := next(ref)
		if !ok {
			return nil, nil, false
		}
		ref = rest
		switch f.number {
		case refName:
			name = f.value
		case refNamespace:
			namespace = f.value
		case refMetadata:
		default:
			return nil, nil, false
		}
	}
	return name, namespace, true
}

// splitAsk returns the two fields of an encoded GetMetricsRequest; ok is false for any other
// message, and for one that has a field twice.
func splitAsk(raw []byte) (ref, metric []byte, ok bool) {
	for len(raw) > 0 {
		f, rest, ok := next(raw)
		switch {
		case !ok:
			return nil, nil, false
		case f.number == askRef && ref == nil:
			ref = f.value
		case f.number == askMetric && metric == nil:
			metric = f.value
		default:
			return nil, nil, false
		}
		raw = rest
	}
	return ref, metric, true
}

// A field is one of a message's fields that has a length, as texts and messages
// have.
type field struct {
	number protowire.Number
	value  []byte
}

// next splits the first field off a message; ok is false if it has no length or
// the message is not whole.
func next(raw []byte) (f field, rest []byte, ok bool) {
	number, kind, n := protowire.ConsumeTag(raw)
	if n < 0 || kind != protowire.BytesType {
		return field{}, nil, false
	}
	value, m := protowire.ConsumeBytes(raw[n:])
	if m < 0 {
		return field{}, nil, false
	}
	return field{number, value}, raw[n+m:], true
}
