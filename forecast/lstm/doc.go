// Package lstm is one expert among several: a small LSTM that was trained on
// many series and serves each of them from its first sample on.
//
// # The idea
//
// A [Network] reads a series cell by cell. Each cell becomes a few numbers that
// do not depend on the level of the metric: its change, its distance from a day
// and a week ago, the hour. The LSTM adds them to what it remembers. A linear head
// with a few tanh units turns the output of the LSTM, together with the values a
// day and a week before each horizon, into quantiles:
//
//	z_t     = log(1 + 10·y_t/L)                        L: mean of the last day
//	h_t     = LSTM(features(z_t), h_{t−1})
//	ẑ_{t+r} = z_t + u_r · head(h_t, features, anchors)  per rung r and quantile
//	u_r     = s·n√r/(s + n√r)                           n: noise, s: daily change
//
// A head of zeros gives the naive forecast, and a linear one a seasonal regression;
// the network has to learn only what is better than these. The numbers L, s
// and n are frozen for a day at a time, because the state h was computed with
// them. Input features, clipping and the pinball loss follow the M4 winner in
// spirit (Smyl, A hybrid method of exponential smoothing and recurrent neural
// networks, IJF 36, 2020), with the seasonal part left to the anchors.
//
// The network runs statefully: an [Expert] carries the state of one series and
// [Expert.Update] is one step of the LSTM, a few microseconds; it never reads
// its past again. A network of one rung that forecasts one step from its value is
// iterated for longer horizons.
//
// Networks from elsewhere were mostly trained on windows: each forecast starts with a
// state of zero and reads the newest N cells. If such a state is carried on, it leaves the
// range that it was trained in; the forecasts of one published network moved by a third of
// its own error. With [Config].Window an expert keeps the inputs of N cells and runs through
// all of them, at N times the cost. Farther than one step ahead it carries the state on from
// there, and begins again from the newest N every N steps.
//
// # The packages below
//
//   - cell: the arithmetic of one LSTM layer
//   - input: what a network sees of a series
//   - train: how one is learned, in Go
//   - weights: files of networks, our own and those of PyTorch and Keras
//   - prior: the network that comes with the program
//
// # Why not as the only model
//
// Regressions on seasonal lags forecast better once they have a week to learn from. The
// network is in the pool for what it knows before the first day is over; package prior
// holds one that was trained for just that.
package lstm
