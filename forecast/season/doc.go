// Package season knows where in a season a cell lies, and which seasons a series
// has.
package season
