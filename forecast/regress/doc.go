// Package regress is a linear regression of each cell on the cells one to three
// steps, one and two days and one week before it: the strongest single
// forecaster of hourly load there is for its price.
//
// # The idea
//
//	z(t) = c + Σ β_ℓ·z(t−ℓ) + Σ a_k·sin(2πkτ/m) + b_k·cos(2πkτ/m) + e,   k ≤ 4
//
// with z the standardised value or its logarithm, τ the time of day, and lags ℓ
// in {1, 2, 3, m−1, m, m+1, 2m, 2m+1, 7m−1, 7m, 7m+1} or, in the long variant,
// {1, …, 2m+1, 7m−4, …, 7m+4}. The coefficients minimise the squared errors,
// weighted by 2^(−age/half-life), plus a ridge on their distance from the
// seasonal naive rule. The path is forecast by recursion.
//
// This prior makes short histories usable: a ridge towards zero would make the sum
// of the coefficients fall below one and lose the level, while a ridge towards "as a
// day ago" loses nothing.
//
// The weighted normal equations are accumulated once, in time order; solving
// them on the way gives the coefficients as of any earlier origin for the price
// of a Cholesky factorisation, so that a backtest costs little more than a fit.
//
// Sources: Hoerl and Kennard, Ridge Regression, Technometrics 12 (1970). The
// lags are those of the calibration step in Doornik, Castle and Hendry, Card
// forecasts for M4, IJF 36 (2020), section 4, taken alone.
package regress
