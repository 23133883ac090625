package main

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"sigs.k8s.io/yaml"

	"github.com/forescale/forescale/scaler/api"
)

// serveConfig is the configuration of serve: the YAML file, with a flag for each
// key. A flag given on the command line wins over the file.
type serveConfig struct {
	Prometheus struct {
		URL            string       `json:"url"`
		HTTPConfigFile string       `json:"httpConfigFile"`
		Timeout        api.Duration `json:"timeout"`
		QueryRate      float64      `json:"queryRate"`
	} `json:"prometheus"`
	GRPC struct {
		Address      string `json:"address"`
		CertFile     string `json:"certFile"`
		KeyFile      string `json:"keyFile"`
		ClientCAFile string `json:"clientCAFile"`
		Reflection   bool   `json:"reflection"`
	} `json:"grpc"`
	HTTP struct {
		Address string `json:"address"`
		Pprof   bool   `json:"pprof"`
	} `json:"http"`
	Tick       api.Duration `json:"tick"`
	Forget     api.Duration `json:"forget"`
	FitWorkers int          `json:"fitWorkers"`
	Network    string       `json:"network"`
	Log        struct {
		Level  string `json:"level"`
		Format string `json:"format"`
	} `json:"log"`
}

// bind makes a flag for each key, with its default.
func (c *serveConfig) bind(fs *pflag.FlagSet) {
	fs.StringVar(&c.Prometheus.URL, "prometheus-url", "http://localhost:9090", "address of Prometheus or of a compatible API, before /api/v1")
	fs.StringVar(&c.Prometheus.HTTPConfigFile, "prometheus-http-config", "", "YAML `file` with TLS, credentials, headers and proxy, in Prometheus's http_config format")
	durationVar(fs, &c.Prometheus.Timeout, "prometheus-timeout", api.Duration(10*time.Second), "time limit of an instant query; a range query, such as of a history, gets six times as long")
	fs.Float64Var(&c.Prometheus.QueryRate, "prometheus-query-rate", 200, "maximum number of queries per second over all workloads, each of which asks every two to four seconds")
	fs.StringVar(&c.GRPC.Address, "grpc-address", ":9443", "address on which the calls of KEDA are answered")
	fs.StringVar(&c.GRPC.CertFile, "grpc-cert", "", "certificate chain `file` (PEM); read again when it changes")
	fs.StringVar(&c.GRPC.KeyFile, "grpc-key", "", "private key `file` (PEM)")
	fs.StringVar(&c.GRPC.ClientCAFile, "grpc-client-ca", "", "`file` of certificate authorities (PEM) whose clients may call: mutual TLS")
	fs.BoolVar(&c.GRPC.Reflection, "grpc-reflection", false, "gRPC server reflection, for tools such as grpcurl")
	fs.StringVar(&c.HTTP.Address, "http-address", ":8080", "address on which /metrics, /healthz and /readyz are served")
	fs.BoolVar(&c.HTTP.Pprof, "pprof", false, "serve /debug/pprof on --http-address")
	durationVar(fs, &c.Tick, "tick", api.Duration(500*time.Millisecond), "time between two decisions")
	durationVar(fs, &c.Forget, "forget", api.Duration(15*time.Minute), "how long a workload is kept after the last call about it")
	fs.IntVar(&c.FitWorkers, "fit-workers", 1, "number of models fitted in parallel")
	fs.StringVar(&c.Network, "network", "", "weights `file` (.safetensors) of a network, as forescale train writes it, to join the experts")
	fs.StringVar(&c.Log.Level, "log-level", "info", "debug, info, warn or error")
	fs.StringVar(&c.Log.Format, "log-format", "text", "text or json")
}

// keys returns the key in the file of each flag of bind.
func keys() map[string]string {
	return map[string]string{
		"prometheus-url": "prometheus.url", "prometheus-http-config": "prometheus.httpConfigFile",
		"prometheus-timeout": "prometheus.timeout", "prometheus-query-rate": "prometheus.queryRate",
		"grpc-address": "grpc.address", "grpc-cert": "grpc.certFile", "grpc-key": "grpc.keyFile",
		"grpc-client-ca": "grpc.clientCAFile", "grpc-reflection": "grpc.reflection",
		"http-address": "http.address", "pprof": "http.pprof",
		"tick": "tick", "forget": "forget", "fit-workers": "fitWorkers", "network": "network",
		"log-level": "log.level", "log-format": "log.format",
	}
}

// load reads file under the flags given on the command line, and checks the
// result.
func (c *serveConfig) load(cmd *cobra.Command, file string) error {
	given := map[string]string{} // of the flags that the file could overwrite
	for name := range keys() {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed {
			given[name] = f.Value.String()
		}
	}
	if file != "" {
		data, err := readNamed(file)
		if err != nil {
			return fmt.Errorf("--config: %w", err)
		}
		document, err := yaml.YAMLToJSONStrict(data)
		if err == nil {
			err = api.DecodeInto(c, document)
		}
		if err != nil {
			return fmt.Errorf("--config %s: %w", file, err)
		}
		for name, value := range given {
			if err := cmd.Flags().Set(name, value); err != nil {
				return fmt.Errorf("--%s: %w", name, err)
			}
		}
	}
	return errors.Join(checkStdin(file, c.Network), c.check(func(flag string) string {
		if _, byFlag := given[flag]; file == "" || byFlag {
			return "--" + flag
		}
		return "--config " + file + ": " + keys()[flag]
	}))
}

// check returns every fault of the configuration. origin says where the value of a flag
// stands.
func (c *serveConfig) check(origin func(flag string) string) error {
	_, levelErr := c.level()
	return faultsAt(origin, []rule{
		{isAddress(c.GRPC.Address), "grpc-address", c.GRPC.Address, "want host:port or :port, such as :9443"},
		{isAddress(c.HTTP.Address), "http-address", c.HTTP.Address, "want host:port or :port, such as :8080"},
		{(c.GRPC.CertFile == "") == (c.GRPC.KeyFile == ""), "grpc-cert", c.GRPC.CertFile, "want --grpc-cert and --grpc-key together"},
		{c.GRPC.ClientCAFile == "" || c.GRPC.CertFile != "", "grpc-client-ca", c.GRPC.ClientCAFile, "needs --grpc-cert and --grpc-key: mutual TLS is TLS first"},
		{c.Tick.Std() >= 10*time.Millisecond && c.Tick.Std() <= time.Minute, "tick", c.Tick.String(), "want 10ms to 1m"},
		{c.Forget.Std() >= time.Minute, "forget", c.Forget.String(), "want 1m or more: KEDA may be silent for that long"},
		{c.Prometheus.Timeout > 0, "prometheus-timeout", c.Prometheus.Timeout.String(), "want a duration above 0"},
		{c.Prometheus.QueryRate > 0 && c.Prometheus.QueryRate <= 1e5, "prometheus-query-rate", floatText(c.Prometheus.QueryRate), "want a number above 0 and up to 100000"},
		{c.FitWorkers >= 1 && c.FitWorkers <= 64, "fit-workers", strconv.Itoa(c.FitWorkers), "want 1 to 64"},
		{c.Log.Format == "text" || c.Log.Format == "json", "log-format", c.Log.Format, "want text or json"},
		{levelErr == nil, "log-level", c.Log.Level, "want debug, info, warn or error"},
	})
}

// A rule is what the value of a flag must keep to.
type rule struct {
	ok                bool
	flag, value, want string
}

// faultsOf returns every rule that is broken.
func faultsOf(rules []rule) error {
	return faultsAt(func(flag string) string { return "--" + flag }, rules)
}

// faultsAt is [faultsOf] for values that may stand elsewhere than in a flag.
func faultsAt(origin func(flag string) string, rules []rule) error {
	var faults []error
	for _, r := range rules {
		if !r.ok {
			faults = append(faults, fmt.Errorf("%s: %q: %s", origin(r.flag), r.value, r.want))
		}
	}
	return errors.Join(faults...)
}

// floatText writes the value of a flag as its user would.
func floatText(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

func isAddress(text string) bool {
	_, _, err := net.SplitHostPort(text)
	return err == nil
}
