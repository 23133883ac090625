package lstm

// A layout is whose names, gate order and bias convention a weight file has.
type layout string

const (
	ownLayout     layout = "forescale"
	pytorchLayout layout = "pytorch"
	kerasLayout   layout = "keras"
)
