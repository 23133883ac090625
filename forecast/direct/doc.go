// Package direct forecasts a series with one linear regression per horizon.
//
// # The idea
//
// A ladder of horizons h is chosen once. Each rung has a regression of its own for
// how far the series will move within h steps, given what is known now. The
// regressors are differences from the last value, so that coefficients of zero give
// the naive forecast, and shrinking towards zero is shrinking towards that:
//
//	target   y[t+h] − y[t]
//	lags     y[t−l] − y[t]          for l = 1, 2, 3, 5, 10, 15, 30, 60
//	hour     y[t+h−60 min] − y[t]   in place of l = 3, while that lies before t
//	level    mean of the last 30 − y[t],  mean of about the last 120 − y[t]
//	day      y[t+h−m] − y[t−m],  y[t+h−m] − y[t],  the same smoothed over ±7
//	week     the same, one week back
//	profile  mean of the last days at the time of t+h − y[t],  at that of t − y[t]
//	maxima   largest from t to t+h one day back − y[t],  largest of the last h − y[t]
//	clock    harmonics of the time of day at t+h, and a constant
//
// The normal equations are kept with exponential forgetting and a Huber weight,
// and solved now and then by Cholesky:
//
//	w = min(1, k·s/|e|)
//	G ← λG + w x xᵀ,   c ← λc + w x·target,   β = (G + r·diag(G))⁻¹ c
//
// β does not change when G and c are divided by the same number. So the weight of
// new rows grows by 1/λ instead of all old ones shrinking by λ.
//
// A second right-hand side over the same G forecasts the maximum over the next h
// steps. Two transforms of the series run side by side: as it is, and
// log(1 + 10·y/scale), which fits series whose noise grows with their level.
//
// The ridge is relative to the diagonal (Marquardt, An Algorithm for
// Least-Squares Estimation of Nonlinear Parameters, SIAM J. 11, 1963), so that
// the unit of the metric does not matter.
//
// # Why not recursive least squares in covariance form
//
// With forgetting, its matrix loses symmetry, and grows without bound while nothing
// happens (windup). The normal equations do neither, and cost the same.
//
// # Why not one model iterated h times
//
// Sixty iterations of a one-minute model multiply its errors; a regression for
// the hour itself is trained on what it is judged by.
package direct
