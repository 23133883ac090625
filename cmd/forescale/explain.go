package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	pb "github.com/forescale/forescale/proto/v1"
	"github.com/forescale/forescale/scaler/explain"
	"github.com/forescale/forescale/scaler/live"
)

type explainOptions struct {
	address, ca, cert, key string
	replay                 string
	json                   bool
}

func newExplainCommand() *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain [namespace/name[/metric]]",
		Short: "Ask a running server why it answers as it does",
		Long: `explain asks a running forescale what stands behind its answer for one
workload: what was observed, what was forecast and by which experts, what was added
for a burst, and, where replicas are decided, each rule that moved the count.
Without a name it lists the workloads. serve answers on its gRPC address, controller
on --explain-address.

--replay computes a decision again, bit for bit, from its record. Behind KEDA, where the
HPA decides about replicas, it computes the answer again.`,
		Example: `  forescale explain --address forescale.forescale:9443 shop/web
  kubectl -n forescale exec deploy/forescale -- /forescale explain shop/web
  forescale explain shop/web --json > decision.json
  forescale explain --replay decision.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.replay != "" && len(args) > 0 {
				return fmt.Errorf("--replay %s: want it without %q: the record says what it is of", o.replay, args[0])
			}
			if o.replay != "" {
				return replayRecord(cmd.OutOrStdout(), o.replay)
			}
			return o.run(cmd.Context(), cmd.OutOrStdout(), strings.Join(args, ""))
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&o.address, "address", "localhost:9443", "gRPC address of the server")
	fs.StringVar(&o.ca, "ca", "", "`file` of certificate authorities (PEM) that the server's certificate is checked against (default no encryption)")
	fs.StringVar(&o.cert, "cert", "", "own certificate `file` (PEM), for a server that wants one")
	fs.StringVar(&o.key, "key", "", "private key `file` (PEM) of --cert")
	fs.BoolVar(&o.json, "json", false, "print the answer of the API as JSON, which --replay reads")
	fs.StringVar(&o.replay, "replay", "", "compute again the decision or answer recorded in this `file`, the output of --json (-: standard input), instead of asking a server")
	return cmd
}

func (o explainOptions) run(ctx context.Context, out io.Writer, name string) error {
	transport, err := o.transport()
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(o.address, grpc.WithTransportCredentials(transport))
	if err != nil {
		return fmt.Errorf("--address %s: %w", o.address, err)
	}
	defer func() { _ = conn.Close() }()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	client := pb.NewExplainerClient(conn)
	if name == "" {
		list, err := client.List(ctx, &pb.ListRequest{})
		if err != nil {
			return o.failed(err)
		}
		return o.list(out, list)
	}
	workload, err := parseWorkload(name)
	if err != nil {
		return err
	}
	x, err := client.Explain(ctx, &pb.ExplainRequest{Workload: workload})
	if err != nil {
		return o.failed(err)
	}
	if o.json {
		_, err = fmt.Fprintln(out, protojson.Format(x))
		return err
	}
	return writeExplanation(out, x)
}

// failed says why the server did not answer, and what to do if there is none.
func (o explainOptions) failed(err error) error {
	if status.Code(err) == codes.Canceled { // by the user
		return err
	}
	if status.Code(err) == codes.Unavailable {
		message := status.Convert(err).Message()
		return fmt.Errorf("--address: no answer from %s: want the gRPC address of forescale serve, or --explain-address of a controller: %s%s",
			o.address, message, o.hint(message))
	}
	return fmt.Errorf("%s: %s", o.address, status.Convert(err).Message())
}

// hint is what may be wrong with the address, or missing where somebody listens and hangs up.
func (o explainOptions) hint(message string) string {
	says := func(text string) bool { return strings.Contains(message, text) }
	switch {
	case says("invalid target address"), strings.HasPrefix(o.address, "http://"), strings.HasPrefix(o.address, "https://"):
		return "; want host:port, such as localhost:9443" // a proxy's message would not say so
	case says("Error while dialing"), says("name resolver error"): // nobody listens
		return ""
	case says("looked like an HTTP/1.1 header"): // that of --http-address, which speaks without TLS
		return ""
	case o.ca == "":
		return "; a server with --grpc-cert wants --ca"
	case o.cert == "":
		return "; a server with --grpc-client-ca wants --cert and --key"
	}
	return ""
}

func (o explainOptions) list(out io.Writer, list *pb.ListResponse) error {
	if o.json {
		_, err := fmt.Fprintln(out, protojson.Format(list))
		return err
	}
	if len(list.GetWorkloads()) == 0 {
		_, err := fmt.Fprintln(out, "no workload is kept: nobody has asked yet")
		return err
	}
	for _, w := range list.GetWorkloads() {
		if _, err := fmt.Fprintln(out, workloadName(w)); err != nil {
			return err
		}
	}
	return nil
}

// serveExplain answers the command until ctx ends.
func serveExplain(ctx context.Context, listener net.Listener, store *live.Store) error {
	server := grpc.NewServer()
	pb.RegisterExplainerServer(server, explain.New(store))
	defer context.AfterFunc(ctx, server.Stop)()
	if err := server.Serve(listener); err != nil {
		return fmt.Errorf("explain server: %w", err)
	}
	return nil
}

// transport is plain text without a CA, as the server is without a certificate.
func (o explainOptions) transport() (credentials.TransportCredentials, error) {
	if o.ca == "" {
		if o.cert != "" || o.key != "" {
			return nil, errors.New("--cert and --key need --ca: without it there is no encryption")
		}
		return insecure.NewCredentials(), nil
	}
	pem, err := os.ReadFile(o.ca)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w", err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--ca %s: holds no certificate, want PEM", o.ca)
	}
	if o.cert != "" {
		pair, err := tls.LoadX509KeyPair(o.cert, o.key)
		if err != nil {
			return nil, fmt.Errorf("--cert %s, --key %s: %w", o.cert, o.key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(c), nil
}

func parseWorkload(name string) (*pb.Workload, error) {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" {
		return nil, fmt.Errorf("%q is no workload, want namespace/name or namespace/name/metric", name)
	}
	w := &pb.Workload{Namespace: parts[0], Name: parts[1]}
	if len(parts) == 3 {
		w.Metric = parts[2]
	}
	return w, nil
}

func workloadName(w *pb.Workload) string {
	return w.GetNamespace() + "/" + w.GetName() + "/" + w.GetMetric()
}
