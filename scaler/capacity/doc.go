// Package capacity says how many replicas a demand needs, and learns it.
//
// # The idea
//
// A [Curve] maps a replica count to the rate it carries under a latency objective: n
// replicas of s slots are n·s servers, and the rate is the highest at which at most the
// permitted share of requests takes longer than the objective. The curve bends upwards,
// because large pools absorb fluctuation: a fixed target per replica wastes at forty
// replicas and violates at one.
//
// # The equations
//
// With c servers of mean service time S, offered load a = λS and utilization
// ρ = a/c, the probability to wait is Erlang's C, from the stable recursion
//
//	B(0) = 1, B(k) = aB(k−1)/(k + aB(k−1)), C = B/(1 − ρ(1 − B))
//
// and the response time of first come, first served has the tail
//
//	P(T > t) = (1 − C)e^{−μt} + C(θe^{−μt} − μe^{−θt})/(θ − μ)
//
// with μ = 1/S and θ = (cμ − λ)/v. The variability v = (c_a² + c_s²)/2 of
// arrivals and service is 1 for M/M/c and scales the waiting time as in Allen
// and Cunneen's approximation. See Kleinrock, Queueing Systems 1 (1975) and
// Allen, Probability, Statistics and Queueing Theory (1990).
//
// That is one queue before all slots. Where requests are spread at random over the
// replicas, as by a Service of Kubernetes, each has a queue of its own, and there is no
// economy of scale. Where a replica starts on each request at once and divides its
// processors among them, as event loops and threads do, nobody waits but all are slow
// together: processor sharing. Its mean does not depend on the distribution of the work,
// its tail is computed for exponential work. Eight slots, requests of 80 ms and
// p99 ≤ 500 ms allow 88 % of the full rate to one replica with a queue, 78 % to one that
// shares, and 99 % each to twenty with one queue before all.
//
// # One margin
//
// The uncertainty of the forecast and the fluctuation of the queue are one risk.
// [Curve.Averaged] takes the whole distribution of demand and asks that the
// permitted share be kept on average over it, in place of a full queueing margin
// on top of a full forecast quantile: forecast.average of a spec.
//
// # Learning
//
// A [Learner] watches rate, latency and ready replicas. It reports the rate per
// replica that was seen to keep the objective, the one that was seen to miss it,
// and the range it has seen at all. It never extrapolates: an autoscaler that
// keeps the rate per replica constant shows nothing beyond it, and the answer is
// then [CannotTell]. Where the use of the processors is known as well, the rate at
// which they are full is told before it is reached: use is linear in the rate.
// That is a ceiling and no promise. A [Startup] does the same for the time that a
// replica takes to become ready, and [MeanStartup] for a record of counts.
//
// # Why not control by latency
//
// Latency rises after the fact, is not linear in load, and falls only when the
// queue has drained: a controller on latency overshoots. It serves to learn, and
// to nothing else.
package capacity
