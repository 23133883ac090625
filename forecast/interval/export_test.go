package interval

// Levels returns the tracked levels, ascending.
func Levels() [Count]float64 { return levels }
