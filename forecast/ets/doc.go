// Package ets is exponential smoothing in innovations form: Holt–Winters with
// one or two seasons, a damped trend and an autoregressive error.
//
// # The idea
//
// A series is a level, a trend that fades, the shape of a day, what the day of
// the week adds to it, and an error that fades as well. With z the value, or its
// logarithm,
//
//	base  = l + φb + s¹ + s²             what was expected of this cell
//	d     = z − base                     the error
//	ε     = d − ρ·d'                     the innovation; d' is the error before
//	l     ← l + φb + αd
//	b     ← φb + βd
//	s¹    ← s¹ + γ₁d
//	s²    ← s² + γ₂d
//	ẑ(h)  = l + (φ+…+φʰ)b + s¹(h) + s²(h) + ρʰd + Σⱼ ρʲ·k(h−j)·d,   1 ≤ j < h
//	k(n)  = α + β(φ+…+φⁿ) + γ₁[m₁ divides n] + γ₂[m₂ divides n]
//
// and for the multiplicative form base = (l + φb)·s¹·s², each update divided by
// the factors that its component is multiplied with. The sum in ẑ, which Taylor's
// formula of 2003 leaves out, is what the errors expected until then, ρd, ρ²d, …,
// will have moved the states by. So ẑ is the mean of the state space model, except
// that the weight of d is limited to 1.5.
//
// The parameters minimise log mean ε² by a simplex search over bounded transforms
// from several starts; the initial states come from a classical decomposition.
// For paths of days the criterion [ManySteps] counts the errors a quarter of a
// season and a season ahead as well: errors one step ahead say nothing about where
// the slope and the seasons lead. On hourly load this takes a tenth off the error
// two days ahead.
//
// Without a sample d = ρd', so that forecasts go on as they were and gaps cost
// nothing. The seasons live on a fixed grid of the wall clock, of five minutes or the
// step if that is longer, in single precision. A day and a week take at most 9 KiB,
// and neither clock changes nor gaps move them. Reads interpolate between two cells,
// writes spread over both.
//
// Sources: Taylor, Short-term electricity demand forecasting using double
// seasonal exponential smoothing, JORS 54 (2003), for the two seasons and the
// error term; Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential
// Smoothing (2008), for the innovations form; De Livera, Hyndman and Snyder,
// JASA 106 (2011), for both together.
//
// # Why not maximise the likelihood over the initial states
//
// There are 192 of them at one hour and 11,520 at one minute. The search would cost
// thousands of times as much, and after two seasons nothing is left of them.
package ets
