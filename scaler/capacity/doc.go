// Package capacity says how many replicas carry a demand under a latency objective: by
// queueing theory, and by what the service was seen to do.
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
// with μ = 1/S and θ = cμ − λ. Where the coefficient of variation v of the service time is
// known, it is taken for lognormal with the distribution F, and
//
//	P(T > t) = 1 − F(t) + C·∫ e^{−θ(t−s)} dF(s), θ = 2(cμ − λ)/(1 + v²)
//
// by which the mean wait is that of Allen and Cunneen's approximation. See Kleinrock, Queueing
// Systems 1 (1975) and Allen, Probability, Statistics and Queueing Theory (1990).
//
// Unless stated, the time of service is taken as exponential. By simulation the counts for
// p95 ≤ 4S and p99 ≤ 6.25S are then right to one replica or 5 % for exponential and, with one
// queue, for lognormal times with a coefficient of variation of up to 1. With more variation they
// are too low: at 2 by up to 5 % with one queue, and by a third with a queue of four slots for each
// replica. With less, and a queue for each replica, they are too high: at 0.5 by a fifth with
// four slots, and twice as high with one. With the variation stated, and lognormal times, the
// rate is right to 5 % from four slots on, or too low: by up to a quarter at a variation of 3.
// One slot by itself is up to 60 % too high where the variation is 1 or more, because the wait of
// those who wait is then not exponential. Where four processors are shared, the rate is right to
// 2 % for exponential times and to 6 % for a coefficient of 1, up to 31 % too high at 2, and up
// to 18 % too low at 0.5. Some objectives cannot be kept by any count, because too many
// requests take longer even alone, which the formula sees for exponential times and for a
// variation that is stated. What is learned from latency corrects the height of the curve.
//
// That is one queue for all slots. Where requests are spread at random over the
// replicas, as by a Service of Kubernetes, each replica has a queue of its own, and there is
// no economy of scale. Where a replica starts on each request at once and divides its
// processors among them, as event loops and threads do, no request waits but all become slow
// together: processor sharing. Its mean response time does not depend on the distribution of
// the work; its tail is computed for exponential work. With eight slots, requests of 80 ms
// and p99 ≤ 500 ms, one replica with a queue may run at 88 % of its full rate, one that
// shares at 78 %, and twenty with one common queue at 99 % each.
//
// # One margin
//
// The uncertainty of the forecast and the fluctuation of the queue are one risk.
// [Curve.Averaged] takes the whole distribution of demand and asks that the
// permitted share be kept on average over it, in place of a full queueing margin
// on top of a full forecast quantile: forecast.average of a spec. The average is over time. Of
// the requests, most of which come when demand is high, as many are late as permitted where
// demand is lognormal with a deviation of a tenth, and twice as many with one of three tenths.
//
// # Learning
//
// A [Learner] watches rate, latency and ready replicas. It reports the rate per
// replica that was seen to keep the objective, the one that was seen to miss it,
// and the whole range that it has seen. It never extrapolates: an autoscaler that
// keeps the rate per replica constant shows nothing beyond that rate, and the answer
// is then [CannotTell]. Where CPU use is known as well, it also tells the rate at which
// the processors are full before that is reached, because use is linear in the rate.
// That rate is a ceiling, not a promise. A [Startup] learns the time that a replica
// takes to become ready from its pods, and [MeanStartup] from a record of counts.
//
// On simulated services under a recorded load (five days of one-minute intervals, latencies
// by histogram_quantile over the default buckets of Prometheus), the safe rate beside six and
// twelve replicas was 92 to 101 % of the true one for requests that take exponential, lognormal
// or bimodal times, with latencies over a minute or five, with a third of them missing, and
// with retries. Beside three, where a minute says less, it was 79 to 96 %. If no bucket ends at
// the objective, the quantile is a guess within its bucket: an objective of 400 ms between
// bounds of 250 and 500 ms was learned 15 to 23 % too low.
//
// What is learned follows the service. After a deploy that made it 1.3 times as slow, 6 to 16 %
// of the requests of the next days were late where 5 % may be (40 to 92 % if only latencies of
// rates that keep the objective were compared): each octave of replicas learns it when it is
// next needed. Half an hour of misses at rates that were safe is what it takes. An outage of
// something else that lasts longer is taken for a deploy, and up to twice as many replicas are
// asked for until it is over; one of three hours cost 10 % more on its day and nothing on the next.
// A service that has become faster is not noticed beyond the rates that are tried.
//
// # Why not control by latency
//
// Latency rises after the fact, is not linear in load, and falls only when the
// queue has drained: a controller on latency overshoots. It serves to learn, and
// to nothing else.
package capacity
