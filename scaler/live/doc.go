// Package live keeps workloads current: it owns the clock, the locks and the
// goroutines that the engine does not have.
//
// # The idea
//
// A [Store] holds one engine.Workload per key and does three things at three
// speeds. Each tick (default 500 ms) it decides every workload from memory, in
// microseconds, and keeps the [Answer] for whoever asks. In the background it
// queries: the newest sample, when the series is expected to have one, and each cell
// of the grid once, when it closes. And it fits models, on a bounded pool of workers,
// once a day and whenever a young history has grown.
//
// Nothing slow happens under a lock: queries and fits run with no lock held, and
// each workload has a lock of its own. It is held for a tenth of a millisecond at
// most: while the model learns a closed cell, once per step, on the goroutine that
// read the cell. Nothing waits for that: a tick skips a workload that is being
// changed, which decides by itself right after, and the answer has a lock of its own.
// An answer is a copy.
//
// A workload starts with one range query over its history. The simplest rule
// serves from that at once, the model of the spec as soon as it is fitted, so a
// restart neither waits nor shrinks anything. With the fit the workload goes over the
// last days of the history again, as if they were the present, and then decides much as
// if it had run all the time: a forecast that had lost its trust does not act, and the
// quantile is the one that those days have called for. A series that has no history, or
// whose history cannot be read, is served reactively, by observed demand. So is a series
// whose history has to wait, because many start at once, or takes longer to read than
// Options.QueryTimeout. From then on the newest sample waits at most a second for the range
// query of the cells that have closed.
//
// Beside each closed cell of demand the cells of metric.latencyQuery and
// metric.replicasQuery are read, if there are such queries. From them a workload
// learns what a replica carries, and books its error budget: by the measured latency,
// or else by the ready replicas. Where nothing tells the ready replicas, as behind KEDA
// without a query, they are taken to be the least count that the answers asked for
// within the last lead time. What a slow server does not answer in time is read later.
//
// # Why polling, and when
//
// Prometheus has no subscription. It has a new sample only after a scrape, every 15 s or
// so, at the same moments of each minute. A workload learns these moments from the answers,
// queries then, and seldom in between. For a service of one target, one query every three or
// four seconds finds each scrape within a tick. A series of many targets has news at any
// moment, and is queried every two seconds. Where the budget of all workloads
// (Options.QueryRate) is too small for that, the one that has waited longest goes first.
package live
