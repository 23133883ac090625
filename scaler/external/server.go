package external

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/scaler/external/keyring"
)

// streamWorkers is how many goroutines are kept for calls. A new one per call
// grows its stack anew each time. Lasting streams hold theirs; when all are held,
// calls get new goroutines as if there were none.
const streamWorkers = 64

// Options are the settings of a [Server]. Zero values mean the defaults.
type Options struct {
	Log *slog.Logger // nil: no log

	TLS        *keyring.Files // nil: plain text
	Reflection bool           // whether to tell the protocol to tools such as grpcurl

	// Register adds further services to the port, such as explain.Server. Nil: none.
	Register func(grpc.ServiceRegistrar)

	// Unary and Stream are called around each call, such as those of
	// telemetry.RPC. They see failures, also those of a panic, as statuses.
	Unary  grpc.UnaryServerInterceptor
	Stream grpc.StreamServerInterceptor

	// Patience is how long a call waits for a workload to start: KEDA sets no
	// deadline of its own, and its chain of calls has three seconds. Default 1s.
	Patience time.Duration

	// Grace is how long open calls may take to end when the server stops, before
	// their connections are cut. Default 5s.
	Grace time.Duration

	// Memory is how long a trigger that nobody asks about is remembered. Default 1h.
	Memory time.Duration

	// MaxMessage bounds a received message in bytes. Default 256 KiB, several
	// times the largest metadata.
	MaxMessage int

	// MaxStreams bounds the calls under way on one connection; further ones wait
	// at the client. KEDA sends all its calls, and two lasting streams per
	// ScaledObject with external-push, through one. Default 65536.
	MaxStreams uint32

	Now func() time.Time // nil: time.Now
}

// withDefaults returns o with the defaults in place of zero values.
func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Patience = cmp.Or(o.Patience, time.Second)
	o.Grace = cmp.Or(o.Grace, 5*time.Second)
	o.Memory = cmp.Or(o.Memory, time.Hour)
	o.MaxMessage = cmp.Or(o.MaxMessage, 256<<10)
	o.MaxStreams = cmp.Or(o.MaxStreams, 1<<16)
	return o
}

// A Server serves KEDA's external scaler protocol, the gRPC health protocol, and
// reflection if asked for.
type Server struct {
	service *service
	health  *health.Server
	grpc    *grpc.Server
	grace   time.Duration
}

// New returns a server that answers from store. It returns an error if the TLS
// files cannot be used.
func New(store Store, opts Options) (*Server, error) {
	opts = opts.withDefaults()
	s := &Server{
		service: &service{
			store:    store,
			registry: newRegistry(opts.Memory),
			log:      opts.Log,
			now:      opts.Now,
			patience: opts.Patience,
			closing:  make(chan struct{}),
		},
		health: health.NewServer(),
		grace:  opts.Grace,
	}
	transport, err := transportOptions(opts)
	if err != nil {
		return nil, fmt.Errorf("external: %w", err)
	}
	unary, stream := []grpc.UnaryServerInterceptor{s.guardUnary}, []grpc.StreamServerInterceptor{s.guardStream}
	if opts.Unary != nil {
		unary = append([]grpc.UnaryServerInterceptor{opts.Unary}, unary...)
	}
	if opts.Stream != nil {
		stream = append([]grpc.StreamServerInterceptor{opts.Stream}, stream...)
	}
	s.grpc = grpc.NewServer(append(transport, grpc.ChainUnaryInterceptor(unary...), grpc.ChainStreamInterceptor(stream...))...)
	s.grpc.RegisterService(s.service.description(), s.service)
	healthpb.RegisterHealthServer(s.grpc, s.health)
	if opts.Register != nil {
		opts.Register(s.grpc)
	}
	if opts.Reflection {
		reflection.Register(s.grpc)
	}
	s.setServing(healthpb.HealthCheckResponse_NOT_SERVING)
	return s, nil
}

// transportOptions are the options below the protocol: encryption, limits, and
// the liveness of connections.
func transportOptions(opts Options) ([]grpc.ServerOption, error) {
	out := []grpc.ServerOption{
		grpc.ForceServerCodecV2(newCodec()),
		grpc.NumStreamWorkers(streamWorkers),
		grpc.MaxRecvMsgSize(opts.MaxMessage),
		grpc.MaxConcurrentStreams(opts.MaxStreams),
		grpc.MaxHeaderListSize(16 << 10),
		grpc.ConnectionTimeout(10 * time.Second),
		grpc.WaitForHandlers(true),
		// KEDA sends no keepalive. The server finds dead connections by itself, and
		// tolerates clients that ping at most every ten seconds.
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	}
	if opts.TLS == nil {
		return out, nil
	}
	config, err := keyring.Config(*opts.TLS, opts.Log)
	if err != nil {
		return nil, err
	}
	logging := &loggingTLS{TransportCredentials: credentials.NewTLS(config), log: opts.Log, now: opts.Now, logged: map[string]time.Time{}}
	return append(out, grpc.Creds(logging)), nil
}

// Services returns the names of the services and their methods, for metrics that
// are to exist before the first call.
func (s *Server) Services() map[string]grpc.ServiceInfo { return s.grpc.GetServiceInfo() }

// Serve answers calls on lis until ctx ends. It then reports itself as not
// serving, ends the streams without an error, lets calls under way finish for no
// longer than the grace, cuts the connections of the rest, and returns nil. It
// closes lis. It returns an error if lis fails, and if calls hang for two more
// graces after they were cut, which a store must not do. A Server serves once.
func (s *Server) Serve(ctx context.Context, lis net.Listener) error {
	served := make(chan error, 1)
	s.setServing(healthpb.HealthCheckResponse_SERVING)
	go func() { served <- s.grpc.Serve(lis) }()
	select {
	case <-ctx.Done():
	case err := <-served:
		served <- err
	}
	ended := make(chan error, 1)
	go func() { s.stop(); ended <- <-served }()
	select {
	case err := <-ended:
		if err != nil && !errors.Is(err, grpc.ErrServerStopped) { // that is: before it began
			return fmt.Errorf("external: serving on %s: %w", lis.Addr(), err)
		}
		return nil
	case <-time.After(3 * s.grace):
		return fmt.Errorf("external: serving on %s: calls still under way %v after the end", lis.Addr(), 3*s.grace)
	}
}

// stop ends everything and waits for it.
func (s *Server) stop() {
	s.health.Shutdown()
	close(s.service.closing)
	cut := time.AfterFunc(s.grace, s.grpc.Stop)
	defer cut.Stop()
	s.grpc.GracefulStop()
	s.service.starts.Wait()
}

// setServing is what health checks hear, about the server and the service.
func (s *Server) setServing(state healthpb.HealthCheckResponse_ServingStatus) {
	s.health.SetServingStatus("", state)
	s.health.SetServingStatus(pb.ExternalScaler_ServiceDesc.ServiceName, state)
}

// guardUnary turns a panic into a status.
func (s *Server) guardUnary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (_ any, err error) {
	defer s.recover(info.FullMethod, &err)
	return next(ctx, req)
}

// guardStream does so for streams, and ends the context of those that do not
// know of the server's end, such as health watches, with the server.
func (s *Server) guardStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	defer s.recover(info.FullMethod, &err)
	if _, own := srv.(*service); own {
		return next(srv, stream)
	}
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-s.service.closing:
			cancel()
		case <-done:
		}
	}()
	return next(srv, boundStream{stream, ctx})
}

// recover, deferred, makes a panic the error of a call.
func (s *Server) recover(method string, err *error) {
	if r := recover(); r != nil {
		s.service.log.Error("call panicked", "method", method, "panic", r, "stack", string(debug.Stack()))
		*err = status.Errorf(codes.Internal, "%s: internal error: %v", method, r)
	}
}

// A boundStream is a stream with a context of its own.
type boundStream struct {
	grpc.ServerStream
	ctx context.Context //nolint:containedctx // the interface asks for it
}

// Context returns the context.
func (b boundStream) Context() context.Context { return b.ctx }
