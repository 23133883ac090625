// Package weights stores networks of package lstm as files and reads those that
// others have trained: [Encode] writes our own layout, [Decode] also reads those of
// PyTorch and of Keras.
//
// # The files
//
// Files are safetensors, F32 or F64. The metadata say what the numbers mean:
//
//	format         forescale.lstm
//	version        1
//	layout         forescale, pytorch or keras; may be left out
//	step           1m: the step of the series; left out = any
//	features       comma list of [input.Feature], the inputs in order
//	normalisation  daily, none, minmax:MIN,MAX, zscore:MEAN,DEVIATION, affine:OFFSET,SCALE
//	rungs          1,2,3: horizons in steps
//	quantiles      0.5: their levels
//	targets        value (default), or value,peak: maxima over the horizon as well
//	output         value (default): normalised value at the rung; or change: see lstm.Config.Relative
//	window         24: the newest cells that a forecast is computed from, starting with a
//	               state of zero; left out = the state is carried from cell to cell
//	layers         Keras only: names of the LSTM layers in order, if not as Keras counts
//	dense          names of the dense layers in order, if not as they are counted
//	dense_activations   relu,linear: of all of these but the last; also tanh, sigmoid
//	activation     tanh (default), or relu, which needs a window
//	recurrent_activation   sigmoid; all others are refused
//	note           free text
//
// Outputs are ordered target by target, rung by rung, quantile by quantile. The
// tensors are, in our own layout,
//
//	lstm.K.weight [4H, I+H], lstm.K.bias [4H]    rows i, f, g, o
//	dense.K.weight [O, I], dense.K.bias [O]      between the LSTM and the head, may be left out
//	head.hidden.weight, head.hidden.bias         tanh units, may be left out
//	head.output.weight, head.output.bias         the first columns see the head's input
//
// in PyTorch's, of one nn.LSTM and one or more nn.Linear under any names,
//
//	*weight_ih_lK [4H, I], *weight_hh_lK [4H, H]   rows i, f, g, o
//	*bias_ih_lK, *bias_hh_lK [4H]                  added up; may be left out
//	*weight [O, H], *bias [O]
//
// and in Keras', of LSTM layers and one or more Dense layers,
//
//	*kernel [I, 4H], *recurrent_kernel [H, 4H], *bias [4H]   columns i, f, c, o
//	*kernel [H, O], *bias [O]
//
// Keras' own .h5 and .keras files are HDF5; convert/keras_to_safetensors.py
// turns them into this format, so that the program itself need not read HDF5.
//
// # Why not bidirectional, projected, GRU or hard-sigmoid networks
//
// A bidirectional layer reads the future. The others are rare in load
// forecasting, and hard_sigmoid changed its definition between versions of
// Keras, so that a file does not say which one it means. All are refused by name.
package weights
