package pods

import (
	"math/rand/v2"
	"slices"
	"time"
)

// nodes is the room for the pods: as many nodes as are full or wanted. A pod
// without room asks for a node, as an autoscaler of nodes sees it within a second
// and orders as many as the pending pods fill.
type nodes struct {
	n     Nodes
	draws *rand.Rand

	ready   int     // nodes that can take pods
	arrives []int64 // when the ordered ones can, ascending
	spare   int64   // since when there is a node more than needed; Never if there is none
}

func newNodes(n Nodes, replicas int, draws *rand.Rand) *nodes {
	return &nodes{n: n, draws: draws, ready: (replicas + n.Pods - 1) / n.Pods, spare: Never}
}

// count returns the nodes that are paid for.
func (n *nodes) count() int { return n.ready + len(n.arrives) }

// place puts pending pods of c on nodes with room at now, orders nodes for the
// rest, and returns nodes that have been empty for long enough.
func (n *nodes) place(c *Cluster, now int64) {
	for len(n.arrives) > 0 && n.arrives[0] <= now {
		n.arrives = n.arrives[1:]
		n.ready++
	}
	used, pending := len(c.dying), 0
	for i := range c.pods {
		if c.pods[i].scheduled == Never {
			pending++
		} else {
			used++
		}
	}
	room := n.ready*n.n.Pods - used
	if pending > 0 && room > 0 {
		for i := range c.pods {
			if p := &c.pods[i]; p.scheduled == Never && room > 0 {
				p.scheduled = now
				c.start(p)
				room--
				pending--
			}
		}
		c.plan()
	}
	for pending > len(n.arrives)*n.n.Pods {
		wait := Startup{Median: n.n.Provision, Sigma: n.n.Sigma}.draw(n.draws)
		n.arrives = append(n.arrives, now+wait)
		slices.Sort(n.arrives)
	}
	n.release(room, now)
}

// idle is how long an empty node is kept.
const idle = time.Minute

// release returns one node once more than a node of room has been idle.
// Pods are taken to be packed densely, which a descheduler would have to do.
func (n *nodes) release(room int, now int64) {
	switch {
	case room < n.n.Pods:
		n.spare = Never
	case n.spare == Never:
		n.spare = now
	case now-n.spare >= idle.Milliseconds():
		n.ready -= room / n.n.Pods
		n.spare = Never
	}
}
