// Package replay runs a load, a scaling policy and a model of the cluster in a closed
// loop in virtual time, and says what the policy was worth: how long the service missed
// its objective, and what the pods cost.
//
// # The idea
//
// A [Scenario] is a trace turned into a task: the intensity of the load, the
// arrivals drawn from it, the demand (the fewest ready pods that keep the
// objective at that intensity), the scrapes of the ingress counter, and the
// clairvoyant optimum. It is prepared once and replayed under any number of
// policies, which therefore see the same arrivals and the same start-up time of
// the k-th pod they create (common random numbers).
//
// A [Policy] sees only what a controller in a real cluster sees: rate() over
// scraped counters, with its lag and its gaps; replicas; and CPU use as
// metrics-server reports it. It is called at its own period and answers with
// replicas, with a floor for the HorizontalPodAutoscaler underneath, or with a
// metric for it, as KEDA does.
//
// The service is a queue. In fluid mode (the default) it advances in steps of a
// second: within capacity its latency is that of the stationary M/M/c queue,
// beyond it a backlog grows, times out and drains. In request mode each request
// is an event.
//
// # What is judged
//
// Demand is defined by the objective, never by the target of a policy: judged by its own
// target, each policy would be perfect. Supply is the pods that take traffic, not
// spec.replicas. Every pod that exists is billed, starting and terminating ones included.
// See [Result].
//
// # What is checked, and where
//
//	Erlang's B and C, mean waits           1e-6 of the tables               queue, scaler/capacity
//	single requests in a central queue     99 % interval of 10 seeds        requests
//	Allen and Cunneen's error              within 5 points of the known     requests
//	processor sharing is insensitive       99 % interval of 10 seeds        requests
//	staffing, with a queue or without      1 ± 0.3 % late of what may be    forescale
//	nothing is lost; N = λT                each step; 1 %                   service, requests
//	a backlog drains as its closed form    one step                         service
//	HPA: walks of two days, sets of pods   all decisions, of 300,000 sets   differential, goldens in hpa
//	KPA: ticks                             all                              differential, goldens in kpa
//	rate() of Prometheus                   1e-9, resets and losses          scrape
//	the optimum                            equal to brute force             optimum
//	one seed, one result; 1 s against ¼ s  exact; 5 % of violating time     here
//	the measures, by hand                  exact, at zero as well           measure
//	published orders and figures           order; 2 to 12 %                 here, rival
//	single requests against the fluid      15 % of the late requests        here
//	no gain on shuffled blocks             −10 to 10 % of the whole gain    forescale
//	nothing comes from the future          exact; the oracle is caught      forescale, rival by replaytest
//	serve against its replay               bit for bit                      forescale
//
// Single requests are judged minute by minute, so that a violation seems to last up to a
// minute longer than in fluid mode. Over six hours of three recorded loads the share of
// late requests is 0.74 to 1.04 times that of fluid mode; violating time is 1.3 to 2 times
// as long where it is more than a fifth of a percent, and shorter violations may vanish.
// What only a real cluster would show is not checked here: see deploy/e2e.
//
// # How long it takes
//
// Fourteen days in steps of a second under ten policies take two to three seconds of one
// core, or five to nine if two of the ten are forescale. Single requests take a fifth of a
// microsecond each: two hours at 4000 requests/s are six seconds.
//
// # Why not a cluster
//
// Fourteen days of one policy take fourteen days in a cluster and seconds at most here,
// and every policy meets the very same load. What is lost is the cluster itself. The
// parts that decide are therefore checked against the real ones: the
// HorizontalPodAutoscaler against the Kubernetes controller, rate() against the
// Prometheus engine, the queues against their closed forms and against each other.
package replay
