package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/forescale/forescale/collector"
	pb "github.com/forescale/forescale/proto/v1"
	"github.com/forescale/forescale/scaler/controller"
	"github.com/forescale/forescale/scaler/controller/doctor"
)

func newDoctorCommand() *cobra.Command {
	var (
		c          serveConfig
		kubeconfig string
		namespace  string
		readOnly   bool
	)
	cmd := &cobra.Command{
		Use:   "doctor [object]",
		Short: "Check a cluster, or one object, and say what to do",
		Long: `doctor checks the PredictiveAutoscaler objects of a namespace, or the one named,
and what they depend on: rights, Prometheus and the shape of each query, who owns
the HPA and who else writes its floor, the HPA's tolerance and behavior, and the
clock. For ScaledObjects with a trigger of forescale it checks the metadata, the
query, the behavior, where scalerAddress leads and, if that can be reached, what
answers there.
Each finding comes with its remedy. It changes nothing, and fails when something
keeps forescale from acting.

Run it in a pod of the controller, whose rights it then checks and whose way to Prometheus
it takes. Elsewhere the rights are those of your account, and Prometheus may have to be
forwarded.`,
		Example: `  kubectl -n forescale exec deploy/forescale -- /forescale doctor --prometheus-url http://prometheus.monitoring:9090
  kubectl -n monitoring port-forward svc/prometheus 9090 & forescale doctor --namespace shop web`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.GRPC.Address, c.HTTP.Address = ":0", ":0" // settings of serve that are not used here
			if err := c.load(cmd, ""); err != nil {
				return err
			}
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			return examine(cmd.Context(), c, doctor.Scope{Kubeconfig: kubeconfig, Namespace: namespace, Name: name, ReadOnly: readOnly}, cmd.OutOrStdout())
		},
	}
	fs := cmd.Flags()
	c.bind(fs)
	for _, name := range []string{"grpc-address", "grpc-cert", "grpc-key", "grpc-client-ca", "grpc-reflection", "forget", "http-address", "pprof", "tick", "fit-workers", "prometheus-query-rate", "network", "log-level", "log-format"} {
		_ = fs.MarkHidden(name) // of serve; it exists
	}
	fs.StringVar(&kubeconfig, "kubeconfig", "", "kubeconfig `file` of the cluster (default $KUBECONFIG, or the service account of the pod)")
	fs.StringVarP(&namespace, "namespace", "n", "", "namespace to check (default all of them)")
	fs.BoolVar(&readOnly, "read-only", false, "do not ask for the right to write")
	return cmd
}

// askServer asks forescale serve. It accepts any certificate: doctor checks that something
// answers, and who it is KEDA checks itself.
func askServer(ctx context.Context, at doctor.Server, of *pb.Workload) (*pb.ExplainResponse, error) {
	transport := insecure.NewCredentials()
	if at.Encrypted {
		transport = credentials.NewTLS(&tls.Config{InsecureSkipVerify: true}) //nolint:gosec // see above
	}
	conn, err := grpc.NewClient(at.Address, grpc.WithTransportCredentials(transport))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at.Address, err)
	}
	defer func() { _ = conn.Close() }()
	return pb.NewExplainerClient(conn).Explain(ctx, &pb.ExplainRequest{Workload: of})
}

// An impatient source limits each query, with all its attempts, to the time that it has in
// the running server. Otherwise a Prometheus that hangs would cost three times the limit of a
// history for each object.
type impatient struct {
	doctor.Source

	limit time.Duration // of one query
}

// Instant implements doctor.Source.
func (i impatient) Instant(ctx context.Context, query string, at time.Time) (collector.Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, i.limit)
	defer cancel()
	return i.Source.Instant(ctx, query, at)
}

// Skew implements doctor.Source.
func (i impatient) Skew(ctx context.Context, now func() time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, i.limit)
	defer cancel()
	return i.Source.Skew(ctx, now)
}

// errUnfit is what doctor ends with when something keeps forescale from acting.
var errUnfit = errors.New("something keeps forescale from acting; see the faults above")

func examine(ctx context.Context, c serveConfig, scope doctor.Scope, out io.Writer) error {
	config, err := clusterConfig(scope.Kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 50, 100 // as one run asks for each of hundreds of objects
	scheme := runtime.NewScheme()
	if err := controller.AddToScheme(scheme); err != nil {
		return err
	}
	objects, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	source, err := newSource(c, nil, c.logger(io.Discard))
	if err != nil {
		return err
	}
	defer source.Close()
	d := doctor.Doctor{Objects: objects, Kube: kube, Dynamic: dyn, Source: impatient{source, c.Prometheus.Timeout.Std()}, Prometheus: c.server(), Explain: askServer}
	findings := d.Examine(ctx, scope, time.Now)
	if worst := doctor.Write(out, findings); worst == doctor.Fault {
		return errUnfit
	}
	return nil
}
