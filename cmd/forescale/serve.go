package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/common/config"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	source "github.com/forescale/forescale/collector/prometheus"
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/weights"
	pb "github.com/forescale/forescale/proto/v1"
	"github.com/forescale/forescale/scaler/explain"
	"github.com/forescale/forescale/scaler/external"
	"github.com/forescale/forescale/scaler/external/keyring"
	"github.com/forescale/forescale/scaler/live"
	"github.com/forescale/forescale/scaler/telemetry"
)

func newServeCommand() *cobra.Command {
	var (
		c    serveConfig
		file string
	)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve KEDA from a Prometheus",
		Long: `serve answers KEDA's external-scaler calls with the demand that Prometheus shows
and a forecast of it one lead time ahead. Each ScaledObject brings its settings
in the metadata of its trigger; nothing else needs to be configured.

  triggers:
  - type: external
    metadata:
      scalerAddress: forescale.forescale:9443
      metric.query: sum(rate(http_requests_total{job="web"}[1m]))
      scale.targetPerReplica: "50"

Every flag has a key in the YAML file of --config, such as prometheus.url,
grpc.address or log.level; a flag given on the command line wins.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.load(cmd, file); err != nil {
				return err
			}
			return serve(cmd.Context(), c, cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "YAML `file` with these settings")
	c.bind(cmd.Flags())
	return cmd
}

func (c *serveConfig) level() (slog.Level, error) {
	var level slog.Level
	err := level.UnmarshalText([]byte(c.Log.Level))
	return level, err
}

func (c *serveConfig) logger(w io.Writer) *slog.Logger {
	level, _ := c.level() // checked by load
	opts := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// serve runs until ctx ends or a part fails; then every part stops.
func serve(ctx context.Context, c serveConfig, out io.Writer) error {
	log := c.logger(out)
	v, commit := buildVersion()
	log.Info("forescale starts", "version", v, "commit", commit, "prometheus", c.server())
	limitMemory()

	client, store, err := newStore(c, c.Forget.Std(), log)
	if err != nil {
		return err
	}
	defer client.Close()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	calls, err := newGRPC(c, store, registry, log)
	if err != nil {
		return err
	}
	var listen net.ListenConfig
	grpcListener, err := listen.Listen(ctx, "tcp", c.GRPC.Address)
	if err != nil {
		return fmt.Errorf("--grpc-address: %w", err)
	}
	httpListener, err := listen.Listen(ctx, "tcp", c.HTTP.Address)
	if err != nil {
		_ = grpcListener.Close()
		return fmt.Errorf("--http-address: %w", err)
	}
	log.Info("listening", "grpc", grpcListener.Addr().String(), "http", httpListener.Addr().String())

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return store.Run(ctx) })
	group.Go(func() error { return calls.Serve(ctx, grpcListener) })
	group.Go(func() error { return serveHTTP(ctx, httpListener, handler(c, registry)) })
	group.Go(func() error { watchClock(ctx, client, log); return nil })
	err = group.Wait()
	log.Info("forescale stopped")
	return err
}

// newStore returns the client of the configured Prometheus, and a store that reads from it and
// keeps a workload for that long after the last question about it; negative means for ever.
func newStore(c serveConfig, forget time.Duration, log *slog.Logger) (*source.Client, *live.Store, error) {
	network, err := readNetwork(c.Network, readNamed)
	if err != nil {
		return nil, nil, err
	}
	client, err := newSource(c, time.Now, log)
	if err != nil {
		return nil, nil, err
	}
	return client, live.NewStore(client, live.Options{
		Network:      network,
		Tick:         c.Tick.Std(),
		QueryRate:    c.Prometheus.QueryRate,
		QueryTimeout: c.Prometheus.Timeout.Std(),
		FitWorkers:   c.FitWorkers,
		Forget:       forget,
		Log:          log,
	}), nil
}

// server is the address of Prometheus for people: without a password.
func (c *serveConfig) server() string {
	u, err := url.Parse(c.Prometheus.URL)
	if err != nil {
		return "(not a URL)" // newSource says so, without repeating it
	}
	return u.Redacted()
}

// newSource returns the client of the configured Prometheus, which refuses answers
// from a clock far from now; nil compares no clocks.
func newSource(c serveConfig, now func() time.Time, log *slog.Logger) (*source.Client, error) {
	opts := source.Options{
		URL:     c.Prometheus.URL,
		Timeout: 6 * c.Prometheus.Timeout.Std(), // of a history; live bounds the others
		Now:     now,
		Notify:  newNotices(log, time.Now).notify,
	}
	if file := c.Prometheus.HTTPConfigFile; file != "" {
		settings, _, err := config.LoadHTTPConfigFile(file)
		if err != nil {
			return nil, fmt.Errorf("--prometheus-http-config %s: %w", file, err)
		}
		opts.HTTP = settings
	}
	client, err := source.New(opts)
	switch {
	case errors.Is(err, source.ErrSettings):
		return nil, fmt.Errorf("--prometheus-http-config %s: %w", c.Prometheus.HTTPConfigFile, err)
	case err != nil:
		return nil, fmt.Errorf("--prometheus-url: %w", err)
	}
	return client, nil
}

func newGRPC(c serveConfig, store *live.Store, registry *prometheus.Registry, log *slog.Logger) (*external.Server, error) {
	metrics, err := telemetry.NewRPC(registry, time.Now)
	if err != nil {
		return nil, err
	}
	opts := external.Options{
		Log: log, Reflection: c.GRPC.Reflection, Unary: metrics.Unary, Stream: metrics.Stream,
		Register: func(r grpc.ServiceRegistrar) { pb.RegisterExplainerServer(r, explain.New(store)) },
	}
	if c.GRPC.CertFile != "" {
		opts.TLS = &keyring.Files{Cert: c.GRPC.CertFile, Key: c.GRPC.KeyFile, ClientCA: c.GRPC.ClientCAFile}
	}
	if _, err := telemetry.NewWorkloads(registry, store, time.Now); err != nil {
		return nil, err
	}
	server, err := external.New(store, opts)
	if err != nil { // there is nothing else that can fail
		return nil, fmt.Errorf("--grpc-cert, --grpc-key and --grpc-client-ca: %w", err)
	}
	metrics.Preload(server.Services())
	return server, nil
}

// handler serves what operators and probes ask for. The process is ready when it
// listens: with no Prometheus it still tells KEDA its metric, so that KEDA's
// fallback can fire.
func handler(c serveConfig, metrics prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	ok := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) }
	mux.HandleFunc("GET /healthz", ok)
	mux.HandleFunc("GET /readyz", ok)
	if c.HTTP.Pprof {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// serveHTTP serves until ctx ends, then lets open requests finish for a while. One that does
// not, such as a scrape that nobody reads on, is cut off, and is no error of a stop.
func serveHTTP(ctx context.Context, lis net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(lis) }()
	select {
	case err := <-done:
		return fmt.Errorf("http server: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(stop)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close()
	}
	return err
}

// watchClock warns while the clock here and that of Prometheus differ: a forecast is for an
// instant, and would be early or late by as much.
func watchClock(ctx context.Context, client *source.Client, log *slog.Logger) {
	const limit = 5 * time.Second
	ticker := time.NewTicker(10 * time.Minute)
	defer ticker.Stop()
	for {
		if err := client.CheckClock(ctx, time.Now, limit); err != nil && ctx.Err() == nil {
			log.Warn("clock check against Prometheus failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// readNetwork reads a weights file by read, such as [readNamed]; nil for no file.
func readNetwork(path string, read func(path string) ([]byte, error)) (*lstm.Network, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // no network is no error
	}
	data, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("--network: %w", err)
	}
	network, err := weights.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("--network %s: %w", path, err)
	}
	return network, nil
}
