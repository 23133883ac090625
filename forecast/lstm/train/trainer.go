package train

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/forescale/forescale/forecast/lstm"
)

// A trainer holds the network being learned, its gradient and Adam's moments.
type trainer struct {
	net   *lstm.Network
	grad  *lstm.Network
	m, v  *lstm.Network // first and second moments
	parts []part
	o     Options
	rng   *rand.Rand
	lanes []*lane

	done   int // steps of Adam so far
	total  int // steps of Adam in all epochs, about
	sum    float64
	counts int
}

func newTrainer(net *lstm.Network, parts []part, o Options) *trainer {
	t := &trainer{
		net: net, grad: net.Zeros(), m: net.Zeros(), v: net.Zeros(),
		parts: parts, o: o, rng: rand.New(rand.NewPCG(o.Seed, 0x74726169)),
	}
	for range o.Lanes {
		l := newLane(net, o.Chunk)
		l.drop = rand.New(rand.NewPCG(o.Seed, t.rng.Uint64()))
		t.lanes = append(t.lanes, l)
	}
	t.total = o.Epochs * t.stepsPerEpoch()
	return t
}

// walks returns how many times each series is walked per epoch.
func (t *trainer) walks() int {
	return max(1, int(math.Ceil(float64(t.o.MinSteps)/t.stepsPerWalk())))
}

func (t *trainer) stepsPerWalk() float64 {
	cells := 0
	for _, p := range t.parts {
		cells += p.learn
	}
	return math.Max(1, 0.875*float64(cells)/float64(t.o.Chunk*t.o.Lanes)) // starts are random: see walk
}

func (t *trainer) stepsPerEpoch() int { return int(float64(t.walks()) * t.stepsPerWalk()) }

func (t *trainer) trainLoss() float64 { return t.sum / float64(t.counts) }

// epoch walks all series, each as often as walks says, in random order.
func (t *trainer) epoch(ctx context.Context, at Progress, progress func(Progress)) error {
	var queue []*part
	for range t.walks() {
		for _, i := range t.rng.Perm(len(t.parts)) {
			queue = append(queue, &t.parts[i])
		}
	}
	for _, l := range t.lanes {
		l.series = nil
	}
	t.sum, t.counts = 0, 0
	at.Total = t.stepsPerEpoch()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		active := 0
		for _, l := range t.lanes {
			if l.done() && len(queue) > 0 {
				t.begin(l, queue[0])
				queue = queue[1:]
			}
			if l.done() {
				continue
			}
			active++
			t.chunk(l)
		}
		if active == 0 {
			return nil
		}
		t.adam()
		at.Done++
		at.Total = max(at.Total, at.Done)
		at.TrainLoss = t.trainLoss()
		progress(at)
	}
}

// begin starts half of the walks at the first cell and half at a random cell of
// the first half, so that the network often sees a series without a past.
func (t *trainer) begin(l *lane, p *part) {
	start := 0
	if t.rng.IntN(2) == 0 {
		start = t.rng.IntN(p.learn/2 + 1)
	}
	l.begin(p, start, 0, p.learn)
}

func (t *trainer) chunk(l *lane) {
	l.advance(t.o.Chunk)
	sum, count := l.loss(1 / float64(t.o.Lanes*t.o.Chunk*t.net.Head.Outputs))
	t.sum += sum
	t.counts += count
	l.backward(t.grad)
}

// Adam's constants as its authors give them, and the norm to which a gradient is
// cut.
const (
	beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	maxNorm               = 1
)

// adam moves the weights along the gradient and clears it.
func (t *trainer) adam() {
	t.done++
	grads, ms, vs := t.grad.Parameters(), t.m.Parameters(), t.v.Parameters()
	norm := 0.0
	for _, g := range grads {
		for _, x := range g {
			norm += x * x
		}
	}
	scale := 1.0
	if norm = math.Sqrt(norm); norm > maxNorm {
		scale = maxNorm / norm
	}
	rate := t.rate() * math.Sqrt(1-math.Pow(beta2, float64(t.done))) / (1 - math.Pow(beta1, float64(t.done)))
	for i, w := range t.net.Parameters() {
		g, m, v := grads[i], ms[i], vs[i]
		for j := range w {
			x := g[j] * scale
			m[j] += (1 - beta1) * (x - m[j])
			v[j] += (1 - beta2) * (x*x - v[j])
			w[j] -= rate * m[j] / (math.Sqrt(v[j]) + epsilon)
			g[j] = 0
		}
	}
}

// rate is the one-cycle schedule: up from a tenth over the first fifth of the
// steps, then down to a hundredth along a cosine.
func (t *trainer) rate() float64 {
	const up, first, last = 0.2, 0.1, 0.01
	x := math.Min(1, float64(t.done)/float64(max(1, t.total)))
	if x < up {
		return t.o.LearningRate * (first + (1-first)*x/up)
	}
	c := (1 + math.Cos(math.Pi*(x-up)/(1-up))) / 2
	return t.o.LearningRate * (last + (1-last)*c)
}

// loss returns the mean pinball loss, every series with the same weight, at the
// origins that span names, NaN if there is none. The walk starts early enough
// for all of the past week to be known.
func (t *trainer) loss(span func(part) (from, to int)) float64 {
	l := newLane(t.net, t.o.Chunk)
	total, n := 0.0, 0
	for i := range t.parts {
		p := &t.parts[i]
		from, to := span(*p)
		l.begin(p, max(0, from-int(9*day/p.series.Step)), from, to)
		sum, count := 0.0, 0
		for !l.done() {
			l.advance(t.o.Chunk)
			s, c := l.loss(0)
			sum += s
			count += c
		}
		if count > 0 {
			total += sum / float64(count)
			n++
		}
	}
	return total / float64(n) // 0/0 = NaN: nothing to judge by
}
