package doctor

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// address checks where KEDA is told to find forescale: the Service of that name, its port,
// and the pods behind it. It does not check an address that is not a Service.
func (d Doctor) address(ctx context.Context, about, address string) []Finding {
	fault := func(text, remedy string) []Finding {
		return []Finding{{Fault, about, "scalerAddress " + text, remedy}}
	}
	if address == "" {
		return fault("is missing", "name the Service and the port of forescale serve, such as forescale.forescale:9443")
	}
	host, text, err := net.SplitHostPort(strings.TrimPrefix(address, "dns:///"))
	port, portErr := strconv.ParseUint(text, 10, 16)
	if err != nil || portErr != nil || host == "" {
		return fault(address+" is no host and port", "write it such as forescale.forescale:9443")
	}
	name, namespace, plain := serviceOf(host)
	switch {
	case !plain:
		return nil
	case namespace == "":
		return []Finding{{Advice, about, "scalerAddress " + address + " has no namespace: KEDA looks for it in its own", "write it such as " + name + ".forescale:" + text}}
	}
	service, err := d.Kube.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return fault(fmt.Sprintf("%s: there is no Service %s in namespace %s", address, name, namespace), "make it, or correct the address")
	case err != nil:
		return []Finding{{Advice, about, "scalerAddress: " + err.Error(), "the Service was not checked: allow this account to get services"}}
	case !hasPort(service, int32(port)): //nolint:gosec // 16 bits
		return fault(fmt.Sprintf("%s: Service %s has no port %d", address, name, port), "correct the address or the Service: forescale serve listens at --grpc-address, 9443")
	}
	return d.behind(ctx, about, address, service)
}

// serviceOf returns the name and the namespace of the Service that host may mean within a
// cluster; false if it means none, such as an IP address or a public host name.
func serviceOf(host string) (name, namespace string, plain bool) {
	if net.ParseIP(host) != nil || host == "localhost" {
		return "", "", false
	}
	before, inCluster := strings.CutSuffix(strings.TrimSuffix(strings.TrimSuffix(host, "."), ".cluster.local"), ".svc")
	parts := strings.Split(before, ".")
	switch {
	case len(parts) == 1 && !inCluster:
		return parts[0], "", true
	case len(parts) == 2:
		return parts[0], parts[1], true
	}
	return "", "", false
}

// hasPort reports whether s leads to port. One without an address of its own leads to the
// pods directly, and so to their port.
func hasPort(s *corev1.Service, port int32) bool {
	headless := s.Spec.ClusterIP == corev1.ClusterIPNone
	for _, p := range s.Spec.Ports {
		target := p.TargetPort.IntVal
		switch {
		case !headless && p.Port == port, headless && target == port:
			return true
		case headless && (p.TargetPort.StrVal != "" || target == 0) && p.Port == port: // by name, or the same
			return true
		}
	}
	return false
}

// behind checks the pods behind a Service.
func (d Doctor) behind(ctx context.Context, about, address string, s *corev1.Service) []Finding {
	list, err := d.Kube.DiscoveryV1().EndpointSlices(s.Namespace).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + s.Name})
	if err != nil {
		return []Finding{{Advice, about, "scalerAddress: " + err.Error(), "the pods behind the Service were not checked: allow this account to list endpointslices"}}
	}
	ready := map[string]bool{}
	for _, slice := range list.Items {
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready == nil || *e.Conditions.Ready {
				for _, a := range e.Addresses {
					ready[a] = true
				}
			}
		}
	}
	switch {
	case len(ready) == 0:
		return []Finding{{Fault, about, fmt.Sprintf("scalerAddress %s: no pod is ready behind Service %s", address, s.Name), "check that forescale serve runs there: kubectl -n " + s.Namespace + " get pods"}}
	case len(ready) == 1:
		return []Finding{{Advice, about, fmt.Sprintf("scalerAddress %s: only one pod is behind Service %s: KEDA gets no answer while it restarts", address, s.Name), "run two"}}
	case s.Spec.ClusterIP != corev1.ClusterIPNone:
		return []Finding{{Advice, about, fmt.Sprintf("scalerAddress %s: KEDA stays connected to one of the %d pods behind Service %s until that dies", address, len(ready), s.Name), "set clusterIP: None, and scalerAddress: dns:///" + address}}
	}
	return []Finding{{Fine, about, fmt.Sprintf("scalerAddress %s leads to %d pods", address, len(ready)), ""}}
}
