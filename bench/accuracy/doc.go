// Package accuracy measures how good forecasts are, on recorded series.
//
// # Traces
//
// [Run] lets a model run over each trace as it would run live: it is fitted
// on the warm-up, and from then on every sample is a forecast origin. The truth
// of each horizon is compared with the median forecast and with the upper bounds.
// References are the naive rule, which says the last value, and for bounds the
// naive rule with a quantile tracker around it.
//
// The warm-up takes the first 8 days of a trace of 10 days or more, the first 4
// days of one of 7 days or more, and half of a shorter one, or of one with a
// sample a day or fewer. Traces with samples more often than once a minute that
// span two days or more are averaged to minutes first, and shorter ones with samples
// twice a second or more often to seconds: an hour has too many of them.
//
// # M4
//
// RunM4 forecasts the hourly series of the M4 competition, or any collection laid
// out like it, and writes the forecasts for scoring elsewhere.
package accuracy
