package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	source "github.com/forescale/forescale/collector/prometheus"
	"github.com/forescale/forescale/collector/prometheus/embedded"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/external"
	"github.com/forescale/forescale/scaler/live"
)

const (
	scrapeInterval = 15 * time.Second                                        // of simulated time, as below; at the latest
	scrapePace     = scrapeInterval * 9 / 10                                 // and at the earliest
	syncPeriod     = 15 * time.Second                                        // of the HPA
	podStart       = 2 * time.Minute                                         // of a pod, on average
	leadTime       = podStart + syncPeriod + scrapeInterval + 30*time.Second // the last is half of the rate's window
	demandQuery    = `sum(rate(http_requests_total{job="shop"}[1m]))`
)

// chain is everything between the traffic and the answers to KEDA.
type chain struct {
	clock      *clock
	prometheus *embedded.Server
	scrape     embedded.Job
	query      *source.Client
	settle     time.Duration // after the end of a cell, for a scrape on its way
	eye        *eye
	keda       pb.ExternalScalerClient
	store      *live.Store
	log        *newestLog

	stop  context.CancelFunc
	group *errgroup.Group
	conn  *grpc.ClientConn
}

// startChain starts the service, Prometheus with the history of the service,
// and the forescale server. The clock stands still.
func startChain(ctx context.Context, clock *clock, traffic *traffic) (_ *chain, err error) {
	c := &chain{clock: clock, log: &newestLog{}}
	ctx, c.stop = context.WithCancel(ctx)
	c.group, ctx = errgroup.WithContext(ctx)
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	c.prometheus, err = embedded.Start(ctx, embedded.Options{Now: clock.Now, Spacing: scrapePace})
	if err != nil {
		return nil, err
	}
	service, err := c.serveMetrics(ctx, traffic)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(service)
	if err != nil {
		return nil, err
	}
	c.scrape = embedded.Job{Name: "shop", URL: service + "/metrics", Interval: clock.shrink(scrapePace/3, 5*time.Millisecond)}
	labels := map[string]string{"__name__": "http_requests_total", "job": "shop", "instance": u.Host, "code": "200"}
	if err := c.prometheus.Append(ctx, labels, traffic.counted(clock.Now(), scrapeInterval)); err != nil {
		return nil, err
	}
	if err := c.serveKEDA(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// serveMetrics serves the counter of the traffic as a service would, as of the
// moment at which Prometheus stamps it: at 240 times real time the few
// milliseconds until the answer would count as seconds of traffic.
func (c *chain) serveMetrics(ctx context.Context, traffic *traffic) (address string, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("service: %w", err)
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "# TYPE http_requests_total counter\nhttp_requests_total{code=\"200\"} %.0f\n", traffic.total(c.prometheus.Stamp()))
	})}
	c.group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	c.group.Go(func() error {
		<-ctx.Done()
		return server.Close()
	})
	return "http://" + listener.Addr().String(), nil
}

// serveKEDA starts the forescale server and connects to it.
func (c *chain) serveKEDA(ctx context.Context) error {
	query, err := source.New(source.Options{URL: c.prometheus.URL()})
	if err != nil {
		return err
	}
	c.query = query
	c.settle = c.clock.stretch(20 * time.Millisecond)
	c.store = live.NewStore(query, live.Options{
		Now: c.clock.Now, Log: slog.New(c.log),
		Tick:      20 * time.Millisecond,
		QueryRate: 1e6, // a second of the simulated clock is short
		Settle:    c.settle,
		Forget:    -1,
	})
	server, err := external.New(c.store, external.Options{Now: c.clock.Now, Log: slog.New(c.log)})
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("forescale: %w", err)
	}
	c.group.Go(func() error { return c.store.Run(ctx) })
	c.group.Go(func() error { return server.Serve(ctx, listener) })
	c.conn, err = grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("forescale: %w", err)
	}
	c.keda = pb.NewExternalScalerClient(c.conn)
	return nil
}

const metricName = "demand"

// workloadKey names the workload in the store.
func workloadKey() live.Key { return live.Key{Namespace: "demo", Name: "shop", Metric: metricName} }

// scaledObject is what KEDA sends with each call.
func scaledObject() *pb.ScaledObjectRef {
	return &pb.ScaledObjectRef{Namespace: "demo", Name: "shop", ScalerMetadata: map[string]string{
		"metricName":             metricName,
		"metric.query":           demandQuery,
		"metric.step":            "60s",
		"metric.history":         "14d",
		"forecast.horizon":       reach.String(),
		"scale.targetPerReplica": strconv.Itoa(targetPerPod),
		"scale.leadTime":         leadTime.String(),
	}}
}

// warmUp makes the call with which KEDA starts, and waits until the model is
// fitted. The clock still stands.
func (c *chain) warmUp(ctx context.Context) error {
	if _, err := c.keda.GetMetricSpec(ctx, scaledObject()); err != nil {
		return fmt.Errorf("forescale: %w", err)
	}
	const patience = 5 * time.Minute // a second suffices on an idle machine
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	if c.eye, err = openEye(ctx, c.store); err != nil {
		_, why := c.metric(context.WithoutCancel(ctx))
		return fmt.Errorf("forescale: no model after %v: %w", api.Duration(patience), errors.Join(err, why))
	}
	return nil
}

// metric makes the calls of one poll of KEDA and returns the metric.
func (c *chain) metric(ctx context.Context) (float64, error) {
	ref := scaledObject()
	if _, err := c.keda.GetMetricSpec(ctx, ref); err != nil {
		return 0, err
	}
	answer, err := c.keda.GetMetrics(ctx, &pb.GetMetricsRequest{ScaledObjectRef: ref, MetricName: metricName})
	if err != nil {
		return 0, err
	}
	if _, err := c.keda.IsActive(ctx, ref); err != nil {
		return 0, err
	}
	return answer.GetMetricValues()[0].GetMetricValueFloat(), nil
}

// limit is how far the clock may run. It is not far beyond the time when the next scrape
// is due: rate() takes a series whose newest sample is more than 1.1 intervals old for
// ended, and a late scrape would make a dent in it. While the answer to KEDA is old, the
// clock may not run beyond now.
func (c *chain) limit(now time.Time) time.Time {
	const ahead = 10 * time.Millisecond // of real time, for which the clock runs without being looked at
	answer, ok := c.store.Answer(workloadKey())
	if !ok || now.Sub(answer.At) > syncPeriod+c.settle {
		return now
	}
	limit := now.Add(c.clock.stretch(ahead))
	if due := c.prometheus.Newest().Add(scrapePace * 107 / 100); due.Before(limit) {
		return due
	}
	return limit
}

// close stops everything, in the order of the calls, and removes the database.
func (c *chain) close() error {
	c.stop()
	var errs []error
	if c.conn != nil {
		errs = append(errs, c.conn.Close())
	}
	errs = append(errs, c.group.Wait())
	if c.query != nil {
		c.query.Close()
	}
	if c.prometheus != nil {
		errs = append(errs, c.prometheus.Close())
	}
	return errors.Join(errs...)
}
