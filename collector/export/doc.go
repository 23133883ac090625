// Package export reads what people export from their monitoring, and writes the
// file that the other commands read: the demand of a service, and next to it,
// where known, its latency, its ready replicas and those that were asked for.
//
// # The formats
//
// The content decides, not the name, and any file may be compressed with gzip:
//
//	CSV          timestamp,value or timestamp,rate,latency,replicas,desired: unix
//	             seconds or RFC 3339, the start of the interval that the row is the mean of;
//	             also a time and one column of any name, as Grafana writes them; files
//	             without a header, and times in milliseconds or without a zone (UTC), are
//	             read too, and noted; if there are more columns, a query names the one to read
//	JSON         the answer of /api/v1/query_range, or what promtool query range
//	             -o json prints: exactly one series
//	OpenMetrics  text with a timestamp on each sample, as promtool tsdb
//	             dump-openmetrics writes it
//	a directory  the data of a Prometheus, a snapshot of it, or one block
//
// The last two hold raw samples. They are evaluated by Prometheus's own engine,
// so that a query means here what it means there: resets of counters, staleness
// and extrapolation included.
//
// # The grid
//
// All values end up on cells whose borders are whole multiples of the step since the
// epoch, as in package collector. A query evaluated at t speaks of the cell that
// ends at t; a row of CSV speaks of the interval that starts at its time. Rows off
// that grid, such as those of a recording that started at any second, keep their
// values and their distances and move back by less than one step. A cell without a
// value is NaN, and so is a field that is empty or says NaN, null, NA, N/A or None: a gap
// is not a zero. A row that is repeated counts once; two different values for one time
// are an error.
//
// # Reading and not writing
//
// A directory is never written to, although the replay of a write-ahead log would
// truncate a damaged one: the blocks are linked into a temporary folder, and the log
// is copied. The directory may belong to a running Prometheus or lie on a read-only
// medium. A snapshot is better than the data of a running Prometheus, whose compaction
// may remove a block while it is read.
//
// # Why not the read-only database of Prometheus
//
// It replays the whole log for every query, creates an empty log in a snapshot
// that has none, and needs a folder of its own in the directory.
package export
