// Package interval puts quantiles around a point forecast, calibrated on its own
// live errors.
//
// # The idea
//
// Errors are measured in several scales: their recent mean size, the long-run
// one, that of the time of day, one proportional to the forecast, one that
// follows the newest one-step errors, one that follows the disagreement of the
// experts, and a product of powers of all of these, fitted to the logarithm of
// the error. In each scale s a tracker holds the quantile q of level τ:
//
//	bound U = ŷ + q·s;   truth y:  q ← q + γ·(1{y > U} − (1−τ))
//
// which is the proportional part of conformal PID control (Angelopoulos, Candès
// and Tibshirani, Conformal PID Control for Time Series Prediction, 2023): for
// any sequence whatsoever its long-run coverage is τ. A discounted histogram of
// the errors and offsets per time of day add two more candidates. Beyond 99 % the
// exponential tail through the 95 and 99 % bounds goes on, see [At]. The
// candidates are mixed by their discounted pinball loss, weights exp(−c·(P−min P)/P̄) (after AgACI,
// Zaffran et al., Adaptive Conformal Predictions for Time Series, ICML 2022), and
// one more tracker on the misses of the mixture makes its coverage exact again.
//
// A truth comes h steps after the forecast it judges. Trackers in the mixture
// are judged by where they stand now in the scale of then; the tracker on top is
// judged by the bound that was issued.
//
// # Why not adaptive conformal inference over a window
//
// Its level wanders out of the range that the window can answer when errors are
// delayed or heavy-tailed; at one hour ahead its 95 % bound covered 92.7 %.
package interval
