// Package lstm is one expert among several: a small LSTM that was trained on
// many series and serves each of them from its first sample on.
//
// # The idea
//
// A [Network] reads a series cell by cell. Each cell becomes a few numbers that
// do not depend on the level of the metric (its change, its distance from a day
// and a week ago, the hour), the LSTM adds them to what it remembers, and a
// linear head with a few tanh units turns its output, together with the values a
// day and a week before each horizon, into quantiles:
//
//	z_t     = log(1 + 10·y_t/L)                        L: mean of the last day
//	h_t     = LSTM(features(z_t), h_{t−1})
//	ẑ_{t+r} = z_t + u_r · head(h_t, features, anchors)  per rung r and quantile
//	u_r     = s·n√r/(s + n√r)                           n: noise, s: daily change
//
// A head of zeros is the naive forecast, and a linear one a seasonal regression;
// the network has to learn only what is better than these. Network numbers L, s
// and n are frozen for a day at a time, because the state h was computed with
// them. Input features, clipping and the pinball loss follow the M4 winner in
// spirit (Smyl, A hybrid method of exponential smoothing and recurrent neural
// networks, IJF 36, 2020) with the seasonal part left to the anchors.
//
// The network runs statefully: an [Expert] carries the state of one series and
// [Expert.Update] is one step of the LSTM, a few microseconds; it never reads
// its past again. [Train] learns a network in Go from any series of one step,
// seeded and bit for bit repeatable; [Network.Encode] and [Decode] store it.
//
// It is not the core of the forecaster: regressions on seasonal lags forecast
// better once they have a week to learn from. What it knows before the first day
// is over is its reason to be in the pool; package prior holds a network that was
// trained for just that.
//
// # Weight files
//
// Files are safetensors, F32 or F64. The metadata say what the numbers mean:
//
//	format         forescale.lstm
//	version        1
//	layout         forescale, pytorch or keras; may be left out
//	step           1m: the step of the series; left out = any
//	features       comma list of [Feature], the inputs in order
//	normalisation  daily, none, minmax:MIN,MAX, zscore:MEAN,DEVIATION, affine:OFFSET,SCALE
//	rungs          1,2,3: horizons in steps
//	quantiles      0.5: their levels
//	targets        value (default), or value,peak: maxima over the horizon as well
//	output         value (default): normalised value at the rung; or change, as above
//	layers         Keras only: names of the LSTM layers in order, if not as Keras counts
//	activation, recurrent_activation   tanh and sigmoid; all others are refused
//	note           free text
//
// Outputs are ordered target by target, rung by rung, quantile by quantile. The
// tensors are, in the own layout,
//
//	lstm.K.weight [4H, I+H], lstm.K.bias [4H]    rows i, f, g, o
//	head.hidden.weight, head.hidden.bias         tanh units, may be left out
//	head.output.weight, head.output.bias         the first columns see the head's input
//
// in PyTorch's, of one nn.LSTM and one nn.Linear under any names,
//
//	*weight_ih_lK [4H, I], *weight_hh_lK [4H, H]   rows i, f, g, o
//	*bias_ih_lK, *bias_hh_lK [4H]                  added up; may be left out
//	*weight [O, H], *bias [O]
//
// and in Keras', of LSTM layers and one Dense layer,
//
//	*kernel [I, 4H], *recurrent_kernel [H, 4H], *bias [4H]   columns i, f, c, o
//	*kernel [H, O], *bias [O]
//
// Keras' own .h5 and .keras files are HDF5; convert/keras_to_safetensors.py
// turns them into this format, so that the program itself need not read HDF5. A
// network of one rung that forecasts one step from its value is iterated for
// longer horizons.
//
// # Why not bidirectional, projected, GRU or hard-sigmoid networks
//
// A bidirectional layer reads the future. The others are rare in load
// forecasting, and hard_sigmoid changed its definition between versions of
// Keras, so that a file does not say which one it means. All are refused by name.
package lstm
