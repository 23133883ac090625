// Package report turns the results of a backtest into what people and programs
// read: aggregates with intervals, the frontier of each family of policies, a
// verdict in words, a table and JSON. Package page makes the HTML page of it,
// package campaign the results.
//
// # How figures are put together
//
// The cost of a policy is its replica-hours over those of the clairvoyant optimum
// that obeys the same start-up time; over traces it is the geometric mean. Shares
// of violating time are averaged, and the worst trace is named. Intervals are 95 %
// percentile intervals of a paired block bootstrap: days are drawn with
// replacement within each trace, the same days for all policies, so that the
// interval of a difference is that of the policies and not of the days. Seeds are
// averaged before. A trace of at most one day has only that day to draw, and adds
// nothing to an interval; there is no interval if that holds for half of the traces.
//
// A trace is of class A if its load grows by at most 1.6 within two minutes (99.9th
// percentile), else of class B. From a start-up of 180 s on the class is A+C or B+C.
//
// # The schema
//
// [Report.WriteJSON] writes one object, version [Schema]. Fields may be added
// within a version; none changes its meaning. Percentages are 0 to 100, durations
// are seconds and end in _s, instants are RFC 3339 in UTC, unknown figures are null
// or left out.
//
//	schema       "forescale.dev/backtest/v1"
//	settings     what all runs have in common: seeds, startup_s and startup_p90_s,
//	             capacity (requests/s of a busy pod), slots, variation (of the time of a
//	             request; left out = exponential), objective {quantile, latency_s},
//	             balancing, scale_peak (requests/s; 0 = as recorded), scrape_s,
//	             rate_window_s, lead_s, budget_pct, price per replica-hour, resamples,
//	             min_replicas, max_replicas, safe_rate (requests/s of a pod under the
//	             objective), query, margin (a line of a spec), learned
//	             {known, used, safe_rate, miss_rate, seen_from, seen_to (requests/s per
//	             pod), intervals, replicas, startup_s, starts, words}
//	traces       [{trace, class, start, span_s, warmup_s, judged_s, step_s, missing_pct,
//	             scale_factor, peak, growth_2m, growth_lead, optimum_hours,
//	             undelayed_hours, warnings}]; growth is the 99.9th percentile of the
//	             factor within two minutes and within one lead time
//	policies     names in the order of the table
//	runs         [{trace, policy, tuned_to, seed, startup_s, violating_time_pct,
//	             violating_requests_pct, failed_requests_pct, unavoidable_time_pct,
//	             longest_violation_s, recovery_median_s, recovery_p95_s,
//	             recovery_max_s, latency_p50_s, latency_p95_s, latency_p99_s,
//	             latency_p999_s, budget_gap_pp, replica_hours, optimum_hours,
//	             undelayed_hours, cost_ratio, node_hours, money, churn_per_day,
//	             reversals_per_hour, wasted_starts_per_day,
//	             theta_u, theta_o_demand, theta_o_supply, tau_u, tau_o, instability,
//	             elastic_speedup, days: [{start, length_s, violating_time_pct,
//	             violating_requests_pct, replica_hours, needed_hours}]}]
//	aggregates   [{class ("all" or that of traces), policy, traces, runs, cost_ratio,
//	             violating_time_pct, violating_requests_pct, unavoidable_time_pct, budget_gap_pp,
//	             replica_hours, money, churn_per_day, reversals_per_hour, worst
//	             {trace, violating_time_pct, cost_ratio}, cost_ratio_ci95 and
//	             violating_time_pct_ci95 [low, high], against {policy, cost_pct,
//	             cost_pct_ci95, violating_time_pp, violating_time_pp_ci95}}]
//	frontiers    [{class, family, points: [{policy, knob, cost_ratio,
//	             violating_time_pct}], cost_at_budget, violating_time_at_reference_pct}]
//	failures     [{trace, policy, seed, error}]: runs that could not be prepared
//	verdict      {headline, sentences, policy, hpa_target_pct}
//	spec         YAML to paste
//
// The policy hpa-tuned is no run of its own: per trace it repeats the runs of that
// hpa-rate which an operator with hindsight would have picked, named in tuned_to.
package report
