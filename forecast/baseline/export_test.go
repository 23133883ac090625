package baseline

// NewSeasonal is [newSeasonal].
var NewSeasonal = newSeasonal

// Trend is [trend].
type Trend = trend
