package external

import (
	"maps"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/scaler/live"
)

const (
	// maxVariants bounds the metadata maps remembered of one ScaledObject; the
	// longest unused gives way. KEDA's ScaledObjects have a handful of triggers.
	maxVariants = 64

	// maxObjects bounds the ScaledObjects, ten times what one server is meant for.
	maxObjects = 100_000
)

// An objectName is the namespace and name of a ScaledObject.
type objectName struct{ namespace, name string }

func (n objectName) String() string { return "ScaledObject " + n.namespace + "/" + n.name }

// An object holds the variants of the metadata of one ScaledObject. They are so few that a list
// is faster than a map.
type object struct{ variants []*variant }

// A registry knows which trigger a call is about. It decodes metadata once per
// change. When it has to grow, it forgets triggers that nobody has asked about for as long as
// memory says. It is safe for concurrent use.
type registry struct {
	memory time.Duration
	limit  int // of ScaledObjects

	mu      sync.RWMutex // guards objects and all it leads to
	objects map[objectName]*object
	swept   int64 // when the forgotten were last removed, in seconds since the epoch
}

func newRegistry(memory time.Duration) *registry {
	return &registry{memory: memory, limit: maxObjects, objects: map[objectName]*object{}}
}

// find returns the variant for metadata of the named ScaledObject, and whether
// it is new. The error is a gRPC status: InvalidArgument for faulty metadata,
// whose variant has no trigger, and for triggers that share a metric name.
func (r *registry) find(name objectName, metadata map[string]string, now time.Time) (v *variant, fresh bool, err error) {
	second := now.Unix()
	r.mu.RLock()
	v = r.objects[name].variant(metadata)
	r.mu.RUnlock()
	if v == nil {
		made, metric := newVariant(name, metadata)
		return r.change(name, made, metric, second)
	}
	v.touch(second)
	if v.err != nil {
		return v, false, v.err
	}
	if t := v.trigger; t.current.Load() == v && !t.contested.Load() {
		return v, false, nil
	}
	return r.change(name, v, v.trigger.key.Metric, second)
}

// change is find for a call that changes what is known, or may.
func (r *registry) change(name objectName, v *variant, metric string, second int64) (_ *variant, fresh bool, err error) {
	v.touch(second)
	r.mu.Lock()
	defer r.mu.Unlock()
	o, err := r.object(name, second)
	if err != nil {
		return nil, false, err
	}
	if known := o.variant(v.metadata); known != nil {
		v = known // another call was faster
	} else {
		fresh = true
		if v.err == nil {
			v.trigger = o.trigger(live.Key{Namespace: name.namespace, Name: name.name, Metric: metric})
		}
		o.add(v)
	}
	if v.err != nil {
		return v, fresh, v.err
	}
	contest, gone := v.trigger.settle(v)
	for _, g := range gone {
		o.remove(g)
	}
	if contest {
		return v, fresh, duplicate(name, v, v.trigger.rivals)
	}
	return v, fresh, nil
}

// object returns the named ScaledObject, which it adds if need be, and takes the
// opportunity to forget others.
func (r *registry) object(name objectName, second int64) (*object, error) {
	if o := r.objects[name]; o != nil {
		return o, nil
	}
	if age := second - r.swept; age > int64(r.memory/time.Second)/2 || age > 0 && len(r.objects) >= r.limit {
		r.sweep(second)
	}
	if len(r.objects) >= r.limit {
		return nil, status.Errorf(codes.ResourceExhausted,
			"%s: %d ScaledObjects are served already, the most for one server; spread them over several", name, len(r.objects))
	}
	o := &object{}
	r.objects[name] = o
	return o, nil
}

// sweep removes what was not asked for during the memory of the registry.
func (r *registry) sweep(second int64) {
	r.swept = second
	oldest := second - int64(r.memory/time.Second)
	for name, o := range r.objects {
		for _, v := range slices.Clone(o.variants) {
			if v.used.Load() < oldest {
				o.remove(v)
			}
		}
		if len(o.variants) == 0 {
			delete(r.objects, name)
		}
	}
}

// variant returns the variant with just this metadata, nil if there is none.
func (o *object) variant(metadata map[string]string) *variant {
	if o == nil {
		return nil
	}
	for _, v := range o.variants {
		if maps.Equal(v.metadata, metadata) {
			return v
		}
	}
	return nil
}

// trigger returns the trigger with the key, a new one if no variant leads to it.
func (o *object) trigger(key live.Key) *trigger {
	for _, v := range o.variants {
		if v.trigger != nil && v.trigger.key == key {
			return v.trigger
		}
	}
	return &trigger{key: key}
}

// add appends v; the longest unused variant gives way to it if need be.
func (o *object) add(v *variant) {
	if len(o.variants) >= maxVariants {
		o.remove(slices.MinFunc(o.variants, func(a, b *variant) int { return int(a.used.Load() - b.used.Load()) }))
	}
	o.variants = append(o.variants, v)
}

// remove forgets v.
func (o *object) remove(v *variant) {
	if i := slices.Index(o.variants, v); i >= 0 {
		o.variants = slices.Delete(o.variants, i, i+1)
	}
	if t := v.trigger; t != nil {
		t.drop(v)
		t.contested.Store(len(t.rivals) > 0)
	}
}
