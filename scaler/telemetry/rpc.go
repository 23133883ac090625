package telemetry

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The values of the label grpc_type.
const (
	unaryType        = "unary"
	serverStreamType = "server_stream"
	clientStreamType = "client_stream"
	bidiStreamType   = "bidi_stream"
)

// maxCode is the last of the codes that gRPC defines, 0 to 16.
const maxCode = codes.Unauthenticated

// An RPC counts and times the calls that a gRPC server handles:
//
//	grpc_server_started_total{grpc_type, grpc_service, grpc_method}
//	grpc_server_handled_total{grpc_type, grpc_service, grpc_method, grpc_code}
//	grpc_server_handling_seconds{grpc_type, grpc_service, grpc_method}, unary calls only
//
// It is safe for concurrent use.
type RPC struct {
	now     func() time.Time
	started *prometheus.CounterVec
	handled *prometheus.CounterVec
	seconds *prometheus.HistogramVec

	mu      sync.Mutex // guards replacing methods
	methods atomic.Pointer[map[string]*method]
}

// A method holds the metrics of one method, resolved.
type method struct {
	labels  []string // type, service, method
	started prometheus.Counter
	seconds prometheus.Observer // nil for streams
	handled [maxCode + 1]atomic.Pointer[prometheus.Counter]
}

// NewRPC registers the metrics with reg. now is the clock that times calls. It
// returns an error if reg holds metrics of these names already.
func NewRPC(reg prometheus.Registerer, now func() time.Time) (*RPC, error) {
	labels := []string{"grpc_type", "grpc_service", "grpc_method"}
	r := &RPC{
		now: now,
		started: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "grpc_server_started_total", Help: "Calls started on the server.",
		}, labels),
		handled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "grpc_server_handled_total", Help: "Calls completed on the server, by their status code.",
		}, append(slices.Clip(labels), "grpc_code")),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "grpc_server_handling_seconds", Help: "Time from the start of a unary call to its end, without the transport.",
			Buckets: []float64{5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 1e-2, 0.1, 1, 3},
		}, labels),
	}
	r.methods.Store(&map[string]*method{})
	for _, c := range []prometheus.Collector{r.started, r.handled, r.seconds} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("telemetry: %w", err)
		}
	}
	return r, nil
}

// Preload makes the metrics of the methods of services exist, at zero, so that a
// rate over them sees the first call. It takes what grpc.Server.GetServiceInfo
// returns.
func (r *RPC) Preload(services map[string]grpc.ServiceInfo) {
	for service, info := range services {
		for _, m := range info.Methods {
			m := r.method("/"+service+"/"+m.Name, typeOf(m.IsClientStream, m.IsServerStream))
			for code := range maxCode + 1 {
				m.count(r.handled, code, 0)
			}
		}
	}
}

// Unary is a grpc.UnaryServerInterceptor.
func (r *RPC) Unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	m := r.method(info.FullMethod, unaryType)
	m.started.Inc()
	start := r.now()
	resp, err := next(ctx, req)
	m.seconds.Observe(r.now().Sub(start).Seconds())
	m.count(r.handled, status.Code(err), 1)
	return resp, err
}

// Stream is a grpc.StreamServerInterceptor.
func (r *RPC) Stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	m := r.method(info.FullMethod, typeOf(info.IsClientStream, info.IsServerStream))
	m.started.Inc()
	err := next(srv, stream)
	m.count(r.handled, status.Code(err), 1)
	return err
}

// method returns the metrics of a method by its full name, /service/method.
func (r *RPC) method(name, kind string) *method {
	if m := (*r.methods.Load())[name]; m != nil {
		return m
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	old := *r.methods.Load()
	if m := old[name]; m != nil {
		return m
	}
	service, short, _ := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	m := &method{labels: []string{kind, service, short}}
	m.started = r.started.WithLabelValues(m.labels...)
	if kind == unaryType {
		m.seconds = r.seconds.WithLabelValues(m.labels...)
	}
	methods := maps.Clone(old)
	methods[name] = m
	r.methods.Store(&methods)
	return m
}

// count adds n to the calls of m that ended with code.
func (m *method) count(handled *prometheus.CounterVec, code codes.Code, n float64) {
	if code > maxCode {
		code = codes.Unknown // an application's own number
	}
	c := m.handled[code].Load()
	if c == nil {
		made := handled.WithLabelValues(append(slices.Clip(m.labels), code.String())...)
		c = &made
		m.handled[code].Store(c)
	}
	(*c).Add(n)
}

// typeOf returns the label for the kind of a method, by which sides stream.
func typeOf(client, server bool) string {
	switch {
	case client && server:
		return bidiStreamType
	case client:
		return clientStreamType
	case server:
		return serverStreamType
	}
	return unaryType
}
