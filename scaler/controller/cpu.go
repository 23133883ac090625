package controller

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/forescale/forescale/collector/kubemetrics"
	"github.com/forescale/forescale/scaler/live"
)

// A PodCPU reads what pods use of their processors, as [kubemetrics.Reader] does.
type PodCPU interface {
	// Pods returns the newest use of the pods of a namespace that selector matches,
	// by name; those that have not been measured are left out.
	Pods(ctx context.Context, namespace string, selector labels.Selector) (map[string]kubemetrics.Use, error)
}

const (
	measureEvery   = 15 * time.Second // as often as a metrics server looks by default
	measureWorkers = 4                // requests for metrics under way
	widestWindow   = 2 * time.Minute  // over all pods of a target; beyond, they are not of one time
)

// measure reads what pods use of their processors, for objects that ask for it.
// Standbys do too, so that all replicas know the same.
func (c *Controller) measure(ctx context.Context) error {
	return every(ctx, measureEvery, func() {
		c.forEach(measureWorkers, func(t *target) { c.measureOne(ctx, t) })
	})
}

func (c *Controller) measureOne(ctx context.Context, t *target) {
	selector, asked := c.watched(t)
	if !asked {
		return
	}
	use, err := c.lookAt(ctx, t, selector)
	if ctx.Err() != nil {
		return
	}
	t.mu.Lock()
	var window live.CPU
	if err == nil {
		window, err = t.pods.use(use)
	}
	changed := isNew(err, t.cpuErr) && !errors.Is(err, errNotMeasured)
	fresh := err == nil && window.To.After(t.measured)
	if fresh {
		t.measured = window.To
	}
	t.cpuErr = err
	pa := t.object
	t.mu.Unlock()
	if fresh {
		c.opts.Store.SetCPU(t.key, window)
	}
	if changed {
		c.log.Warn("CPU use of the pods not known", "object", t.name.String(), "error", err)
		c.note(pa, warning, "PodCPUUnknown", "Observe", fmt.Sprintf("nothing is learned from the CPU use of the pods: %v", err))
	}
}

// watched reports whether the CPU use of t's pods is to be read, and which pods these
// are: nil if pods are not watched at all. What was learned is dropped when the object
// no longer asks for it.
func (c *Controller) watched(t *target) (labels.Selector, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.object == nil || t.gone {
		return nil, false
	}
	if !t.object.Spec.PodCPU {
		if !t.measured.IsZero() {
			c.opts.Store.ForgetCPU(t.key)
		}
		t.measured, t.cpuErr = time.Time{}, nil
		return nil, false
	}
	known := t.pods.selector != nil || !c.opts.WatchPods
	return t.pods.selector, known && t.trouble == nil
}

func (c *Controller) lookAt(ctx context.Context, t *target, selector labels.Selector) (map[string]kubemetrics.Use, error) {
	if selector == nil {
		return nil, errors.New("the pods are not watched: run without --watch-pods=false")
	}
	ctx, cancel := context.WithTimeout(ctx, measureEvery)
	defer cancel()
	return c.opts.CPU.Pods(ctx, t.name.Namespace, selector)
}

// errNotMeasured reports pods that are too young to have metrics.
var errNotMeasured = errors.New("not all ready pods have been measured yet")

// use returns the share of their CPU limits that the ready pods used. All of them must
// have been measured at about the same time: some of them say nothing about the others.
func (p *pods) use(by map[string]kubemetrics.Use) (live.CPU, error) {
	out := live.CPU{Template: p.template()}
	if name := p.unlimited(); name != "" {
		return out, fmt.Errorf("pod %s has a container without a CPU limit, so its share of use is not known: set resources.limits.cpu", name)
	}
	var used, may float64
	for _, s := range p.seen {
		if s.ready == 0 {
			continue
		}
		u, measured := by[s.name]
		if !measured {
			return out, errNotMeasured
		}
		used, may = used+u.Cores, may+s.cores
		if out.From.IsZero() || u.From.Before(out.From) {
			out.From = u.From
		}
		if u.To.After(out.To) {
			out.To = u.To
		}
	}
	if may == 0 || out.To.Sub(out.From) > widestWindow {
		return out, errNotMeasured
	}
	out.Share = used / may
	return out, nil
}

// template returns the template of most ready pods. That of the newest one would be another
// each time while a canary lasts, and so would be what is learned.
func (p *pods) template() (most string) {
	count := map[string]int{}
	for _, s := range p.seen {
		if s.ready > 0 {
			count[s.template]++
		}
	}
	for template, n := range count {
		if n > count[most] || n == count[most] && template < most {
			most = template
		}
	}
	return most
}

// unlimited returns the first ready pod, by name, without a CPU limit, so that the same
// one is reported each time; empty if all have one.
func (p *pods) unlimited() (name string) {
	for _, s := range p.seen {
		if s.ready > 0 && s.cores == 0 && (name == "" || s.name < name) {
			name = s.name
		}
	}
	return name
}

// cpuLimit returns what a pod may use of processors: its own limit, or those of
// the containers that run with it together; nil if one of these has none.
func cpuLimit(pod *corev1.Pod) *resource.Quantity {
	if r := pod.Spec.Resources; r != nil {
		if limit, given := r.Limits[corev1.ResourceCPU]; given {
			return &limit
		}
	}
	var sum resource.Quantity
	running := pod.Spec.Containers
	for _, c := range pod.Spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways { // a sidecar
			running = append(slices.Clip(running), c)
		}
	}
	for _, c := range running {
		limit, given := c.Resources.Limits[corev1.ResourceCPU]
		if !given || limit.Sign() <= 0 {
			return nil
		}
		sum.Add(limit)
	}
	if sum.IsZero() {
		return nil
	}
	return &sum
}

// coresOf returns the limit of a slim pod; 0 = none.
func coresOf(pod *corev1.Pod) float64 {
	if limit := cpuLimit(pod); limit != nil {
		return limit.AsApproximateFloat64()
	}
	return 0
}
