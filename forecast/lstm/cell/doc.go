// Package cell is the arithmetic of one LSTM layer: a step forward, and the way
// back through many of them.
//
// # The equations
//
// With x the input of a step, h and c the output and the memory of the step
// before, and [x; h] the two stacked,
//
//	a  = W·[x; h] + b          4H pre-activations, blocks in the order i, f, g, o
//	i  = σ(a_i)   f = σ(a_f)   g = tanh(a_g)   o = σ(a_o)
//	c' = f∘c + i∘g             memory
//	h' = o∘tanh(c')            output, within (−1, 1)
//
// (Hochreiter and Schmidhuber, Long Short-Term Memory, Neural Computation 9,
// 1997, with the forget gate of Gers, Schmidhuber and Cummins, Neural
// Computation 12, 2000). A [Layer] with Relu has max(0, ·) in place of both tanh, and its
// output has no such bound. One matrix holds the weights of the input and of the
// recurrence, so that a step is a single matrix–vector product and one loop of
// activations; [Layer.Step] does no more than that and does not allocate.
//
// [Tape] records steps for training; [Tape.Backward] is truncated
// back-propagation through time over what the tape holds.
//
// # Why not the activations of package math
//
// At 64 units a step needs 320 exponentials, which cost as much as the
// matrix–vector product. That of package elementary takes a third of the time, and
// its relative error lets gradients be checked against finite differences.
package cell
