package helm

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"sigs.k8s.io/yaml"
)

// Each option does what the table says of it.
func TestOptions(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "options.yaml"))
	require.NoError(t, err)
	var cases []struct {
		Name         string
		Values, Want map[string]any
	}
	require.NoError(t, yaml.UnmarshalStrict(text, &cases))
	object := strings.NewReplacer("controller ", "Deployment forescale/forescale ", "scaler ", "Deployment forescale/forescale-keda ")
	field := strings.NewReplacer(" pod.", " spec.template.spec.", " main.", " spec.template.spec.containers.0.")
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			rel, err := template(load(t), "forescale", c.Values)
			require.NoError(t, err)
			all := parse(t, rel.Manifest)
			for path, want := range c.Want {
				path = field.Replace(object.Replace(path))
				kind, rest, _ := strings.Cut(path, " ")
				name, inside, some := strings.Cut(rest, " ")
				o, found := all[kind+" "+name]
				if !some {
					require.Nil(t, want, path)
					require.False(t, found, path)
					continue
				}
				require.True(t, found, path)
				require.Equal(t, want, at(o, inside), path)
			}
		})
	}
}

// A list or a map is taken away by null, as Helm's users do it.
func TestNull(t *testing.T) {
	for _, key := range []string{
		"podSecurityContext", "securityContext", "podAnnotations", "podLabels", "nodeSelector", "tolerations", "affinity", "topologySpreadConstraints",
		"extraEnv", "extraVolumes", "extraVolumeMounts", "commonLabels", "controller.resources", "controller.extraArgs", "controller.namespaces",
		"keda.resources", "keda.extraArgs", "image.pullSecrets", "networkPolicy.extraEgress", "serviceAccount.annotations",
	} {
		vals := values(t, `{keda: {enabled: true}, prometheus: {httpConfigSecret: s}}`)
		outer, inner, nested := strings.Cut(key, ".")
		if m, found := vals[outer].(map[string]any); found && nested {
			m[inner] = nil
		} else if nested {
			vals[outer] = map[string]any{inner: nil}
		} else {
			vals[outer] = nil
		}
		rel, err := template(load(t), "forescale", vals)
		require.NoError(t, err, key)
		require.Len(t, parse(t, rel.Manifest), len(render(t, `{keda: {enabled: true}}`)), key)
	}
}

// The alerts and the dashboard arrive as they are: nothing in them is taken for a template.
func TestMonitoring(t *testing.T) {
	all := render(t, `{dashboard: {enabled: true}, prometheusRule: {enabled: true}}`)
	rules, err := os.ReadFile(filepath.Join("..", "..", "monitoring", "rules.yaml"))
	require.NoError(t, err)
	require.Equal(t, values(t, string(rules)), all["PrometheusRule forescale/forescale"]["spec"])

	dashboard, err := os.ReadFile(filepath.Join("..", "..", "monitoring", "dashboard.json"))
	require.NoError(t, err)
	o := all["ConfigMap forescale/forescale-dashboard"]
	require.Equal(t, "1", at(o, "metadata.labels.grafana_dashboard"))
	text, _ := o["data"].(map[string]any)["forescale.json"].(string)
	require.JSONEq(t, string(dashboard), text)
}

// What is wrong is refused, by the name of the key.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct{ values, want string }{
		"a typo":                {`{controler: {enabled: true}}`, "'controler' not allowed"},
		"a key of another":      {`{controller: {replicas: 3}}`, "at '/controller': additional properties 'replicas' not allowed"},
		"a number as text":      {`{controller: {replicaCount: "3"}}`, "at '/controller/replicaCount': got string, want integer"},
		"fewer than none":       {`{keda: {replicaCount: -1}}`, "at '/keda/replicaCount'"},
		"a switch as text":      {`{keda: {enabled: "yes"}}`, "at '/keda/enabled': got string, want boolean"},
		"a tag that is 1.1":     {`{image: {tag: 1.10}}`, "at '/image/tag': got number, want string"},
		"half a digest":         {`{image: {digest: "sha256:abc"}}`, "at '/image/digest'"},
		"a policy of its own":   {`{image: {pullPolicy: always}}`, "at '/image/pullPolicy'"},
		"a URL without scheme":  {`{prometheus: {url: "prometheus:9090"}}`, "at '/prometheus/url'"},
		"a Secret with a slash": {`{prometheus: {httpConfigSecret: a/b}}`, "at '/prometheus/httpConfigSecret'"},
		"a flag in two":         {`{controller: {extraArgs: [--log-level, debug]}}`, "at '/controller/extraArgs/1'"},
		"a label that is true":  {`{dashboard: {labels: {grafana_dashboard: true}}}`, "at '/dashboard/labels/grafana_dashboard'"},
		"no namespace":          {`{controller: {namespaces: [""]}}`, "at '/controller/namespaces/0'"},
		"an interval in words":  {`{serviceMonitor: {interval: often}}`, "at '/serviceMonitor/interval'"},
		"affinity of a pod":     {`{affinity: {requiredDuringSchedulingIgnoredDuringExecution: []}}`, "at '/affinity'"},
		"nothing to run":        {`{controller: {enabled: false}}`, "set controller.enabled, keda.enabled, or both"},
		"mutual TLS without":    {`{keda: {enabled: true, tls: {clientCA: true}}}`, "keda.tls.clientCA needs keda.tls.secretName"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := template(load(t), "forescale", values(t, c.values))
			require.ErrorContains(t, err, c.want)
		})
	}
}

// Each value has a place in the schema, and the schema knows no other; two keys are
// Helm's, where this chart is a part of another.
func TestSchemaKnowsTheValues(t *testing.T) {
	c := load(t)
	var schema map[string]any
	require.NoError(t, json.Unmarshal(c.Schema, &schema))
	defs, _ := schema["$defs"].(map[string]any)
	var walk func(path string, value, schema map[string]any)
	walk = func(path string, value, schema map[string]any) {
		if ref, found := schema["$ref"].(string); found {
			schema, _ = defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any)
		}
		properties, closed := schema["properties"].(map[string]any)
		if !closed || len(value) == 0 {
			return
		}
		require.Equal(t, false, schema["additionalProperties"], path)
		for key, child := range value {
			require.Contains(t, properties, key, path)
			if m, nested := child.(map[string]any); nested {
				next, _ := properties[key].(map[string]any)
				walk(path+"."+key, m, next)
			}
		}
		if path != ".controller.resources" && path != ".keda.resources" { // whose keys are Kubernetes's
			known := slices.DeleteFunc(slices.Sorted(maps.Keys(properties)), func(key string) bool { return path == "" && (key == "global" || key == "enabled") })
			require.Equal(t, known, slices.Sorted(maps.Keys(value)), path)
		}
	}
	walk("", c.Values, schema)
	_, err := template(c, "forescale", values(t, `{global: {a: b}, enabled: true}`))
	require.NoError(t, err)
}

// What helm package writes renders the same, and a release of any name has objects of
// valid names.
func TestPackage(t *testing.T) {
	file, err := chartutil.Save(load(t), t.TempDir())
	require.NoError(t, err)
	packed, err := loader.Load(file)
	require.NoError(t, err)
	vals := `{keda: {enabled: true}, dashboard: {enabled: true}, prometheusRule: {enabled: true}}`
	rel, err := template(packed, "forescale", values(t, vals))
	require.NoError(t, err)
	require.Equal(t, render(t, vals), parse(t, rel.Manifest))
	for _, f := range packed.Raw {
		require.NotContains(t, f.Name, "_test")
	}

	for release, want := range map[string]string{
		"prod": "prod-forescale", "my-forescale": "my-forescale", "1": "1-forescale", strings.Repeat("a", 50) + "-b": strings.Repeat("a", 50) + "-b",
	} {
		rel, err := template(packed, release, values(t, vals))
		require.NoError(t, err, release)
		for key, o := range parse(t, rel.Manifest) {
			name, _ := at(o, "metadata.name").(string)
			require.LessOrEqual(t, len(name), 63, key)
			require.Equal(t, release, at(o, "metadata.labels.app~kubernetes~io/instance"), key)
		}
		require.Contains(t, rel.Manifest, "name: "+strings.TrimSuffix(want[:min(len(want), 52)], "-")+"-keda\n")
	}
}

// The notes say what matters after an installation.
func TestNotes(t *testing.T) {
	for vals, want := range map[string][]string{
		``: {"kubectl get pa -A", "kubectl -n forescale exec deploy/forescale -- /forescale doctor --prometheus-url http://prometheus.monitoring:9090\n", "kubectl delete pa --all -A"},
		`{controller: {replicaCount: 1, readOnly: true}}`:                             {"read-only", "/forescale doctor --prometheus-url http://prometheus.monitoring:9090 --read-only\n", "A lone replica"},
		`{controller: {namespaces: [shop, bank]}}`:                                    {"/forescale doctor -n shop --prometheus-url http://prometheus.monitoring:9090\n", "/forescale doctor -n bank "}, // the rights are of these
		`{controller: {enabled: false}, keda: {enabled: true, tls: {secretName: s}}}`: {"scalerAddress: dns:///forescale.forescale:9443", "enableTLS"},
	} {
		rel, err := template(load(t), "forescale", values(t, vals))
		require.NoError(t, err)
		for _, text := range want {
			require.Contains(t, rel.Info.Notes, text)
		}
	}
}

// Versions of vendors are later than the plain one, and old ones are refused.
func TestKubernetesVersion(t *testing.T) {
	constraint := load(t).Metadata.KubeVersion
	for version, want := range map[string]bool{"v1.28.9": false, "v1.29.0-gke.1": true, "v1.33.4-eks-1a2b": true, "v1.37.0": true} {
		v, err := common.ParseKubeVersion(version)
		require.NoError(t, err)
		require.Equal(t, want, chartutil.IsCompatibleRange(constraint, v.Version), version)
	}
}
