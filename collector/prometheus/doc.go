// Package prometheus reads one metric from the HTTP API of Prometheus, or of
// anything that speaks it: Thanos, Mimir, Cortex, VictoriaMetrics.
//
// # The idea
//
// History lives in Prometheus, so a start or a restart reads it back with one
// [Client.Range], cut into chunks below the 11,000 points that a server gives at
// once. From then on [Client.Instant] asks only for what is new. Both
// evaluate at whole multiples of a step, or at the instant that the caller names:
// this package reads no clock but the one it is given to compare.
//
// A query must give exactly one series. If it gives several, they are neither summed
// nor is the first one taken, because both would go unnoticed until a replica count
// is wrong: the error is a [SeveralSeriesError], which lists them. No series at all is
// [ErrNoData]; it says nothing about the demand. Any other failure of the server or
// the network is a [QueryError], with what to do about it.
//
// Failures that may pass (no connection, no answer in time, a status of 5xx) are
// tried again after a wait that doubles and is jittered; the others are not,
// because a wrong query or a wrong password is no better the second time.
//
// # What a sample means
//
// The time of a sample is the instant of the evaluation, not of the scrape. A
// range selector, as in rate(x[1m]), ends with its series; a plain selector,
// as in queue_length, goes on giving the last scraped value for up to five
// minutes after the target vanished without notice, which is Prometheus's
// lookback. Where that matters, query last_over_time(queue_length[30s]).
//
// # Addresses
//
// The address is what stands before /api/v1:
//
//	Prometheus, Thanos   http://prometheus:9090
//	Mimir, Cortex        http://mimir:8080/prometheus       with the header X-Scope-OrgID
//	VictoriaMetrics      http://victoria-metrics:8428
//	  cluster            http://vmselect:8481/select/0/prometheus
//
// Parameters of the address go with each request.
//
// A Thanos, or a cluster of VictoriaMetrics, that misses one of its stores answers with
// what the others have, and a warning. That would look like less demand, so the query
// counts as failed. http://thanos:9090?partial_response=true accepts partial answers, and
// for a cluster of VictoriaMetrics ?deny_partial_response=0 does.
//
// VictoriaMetrics hides what it was given in the last 30 s, and answers with what was there
// before. A server whose answers show that it is one is asked with latency_offset=1s, so
// that decisions do not lag by half a minute; to state another offset, give it in the
// address: http://victoria-metrics:8428?latency_offset=10s.
package prometheus
