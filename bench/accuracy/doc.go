// Package accuracy measures how good forecasts are, on recorded series.
//
// # Traces
//
// [Run] runs a model over each trace as it would run live (rolling origin): it is
// fitted on the warm-up, and from then on every sample is a forecast origin. The
// outcome at each horizon is compared with the median forecast and with the upper
// bounds. The reference is the naive rule, which forecasts the last value, and for
// bounds the naive rule with a quantile tracker around it.
//
// The warm-up takes the first 8 days of a trace of 10 days or more, the first 4
// days of one of 7 days or more, and half of a shorter one, or of one whose step is
// a day or more. A model that needs more gets up to half of the trace. Traces of two
// days or more with steps below a minute are averaged to minutes first, and shorter
// ones with steps of half a second or less to seconds: an hour would have too many
// steps.
//
// # M4
//
// [RunM4] forecasts the hourly series of the M4 competition, or any collection with the
// same layout, and writes the forecasts for scoring elsewhere.
package accuracy
