package export_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector/export"
)

func matrix(values string) string {
	return `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"job":"web"},"values":` + values + `}]}}`
}

func TestFaultsSayWhereAndWhat(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"empty":                 {"", []string{"empty"}},
		"binary":                {"ELF\x00\x01", []string{"binary", "ELF"}},
		"Parquet":               {"PAR1\x00\x01", []string{"of Parquet", "want it as CSV"}},
		"UTF-16":                {"\xff\xfet\x00i\x00", []string{"UTF-16", "want UTF-8"}},
		"UTF-16, big-endian":    {"\xfe\xff\x00t\x00i", []string{"UTF-16", "want UTF-8"}},
		"zstd":                  {"\x28\xb5\x2f\xfdtimestamp,value\n60,1\n", []string{"zstd", "want it with gzip"}},
		"a spreadsheet":         {"PK\x03\x04\x14\x00", []string{"a spreadsheet", "as CSV"}},
		"ends of an old Mac":    {"timestamp,value\r60,1\r120,2\r", []string{"line 1", "end with CR alone"}},
		"unknown column":        {"timestamp,value,cpu\n60,1,2\n", []string{"line 1", `"cpu"`, "timestamp,rate,latency,replicas"}},
		"twice":                 {"timestamp,value,rate\n60,1,2\n", []string{"line 1", `"rate" twice`}},
		"no header":             {"60,1\n120,2\n", []string{"line 1", "want the header"}},
		"semicolons":            {"timestamp;value\n60;1\n", []string{"line 1", "want the header"}},
		"semicolons, quoted":    {"\"timestamp\";\"value\"\n60;1\n", []string{"line 1", "want the header"}},
		"tabs":                  {"timestamp\tvalue\n60\t1\n", []string{"line 1", "want commas", "want the header"}},
		"several columns":       {"\"Time\",\"{job=\"\"web\"\"}\",\"{job=\"\"db\"\"}\"\n60,1,2\n", []string{"line 1", "web", "want the header"}},
		"a number for a name":   {"timestamp,5\n60,1\n", []string{"line 1", `"5"`, "want the header"}},
		"thousands apart":       {"timestamp,value\n60,\"1,000\"\n", []string{"line 2", `"1,000"`, "finite"}},
		"quotes that are open":  {"timestamp,value\n60,\"1\n120,2\n", []string{"line 2", "quotes"}},
		"one column":            {"timestamp\n60\n", []string{"line 1", "want the header"}},
		"missing field":         {"timestamp,rate,latency\n60,1,1\n120,1\n", []string{"line 3", "2 fields, want 3"}},
		"not a number":          {"timestamp,value\n60,1\n120,many\n", []string{"line 3", `"many"`, "finite"}},
		"a unit":                {"timestamp,value\n60,1.5 req/s\n", []string{"line 2", `"1.5 req/s"`, "without a unit", "Formatted data"}},
		"a dump of another way": {"{__name__=\"a\", b=\"c\"} 1 60000\n", []string{"line 1", "want those of promtool tsdb dump-openmetrics"}},
		"negative":              {"timestamp,value\n60,1\n120,-1\n", []string{"line 3", `"-1"`, "not negative"}},
		"infinite":              {"timestamp,value\n60,1\n120,+Inf\n", []string{"line 3", "finite"}},
		"backwards":             {"timestamp,value\n120,1\n\n60,1\n", []string{"line 4", "time 60 ", "120", "ascending", "sort"}},
		"clocks that go back":   {"Time,Value\n2026-10-25 02:00:00,1\n2026-10-25 02:30:00,2\n2026-10-25 02:00:00,3\n", []string{"line 4", "ascending", "clocks go back"}},
		"clocks, by the hour":   {"Time,Value\n2026-10-25 01:00:00,1\n2026-10-25 02:00:00,2\n2026-10-25 02:00:00,3\n", []string{"line 4", "(2026-10-25T02:00:00Z) comes twice", "clocks go back"}},
		"one time, two values":  {"timestamp,value\n60,1\n120,1.5\n120,2\n", []string{"line 4", "time 120 (1970-01-01T00:02:00Z) comes twice", "1.5 and 2"}},
		"two replica counts":    {"timestamp,rate,replicas\n60,1,3\n60,1,4\n120,2,3\n", []string{"line 3", "time 60 (1970-01-01T00:01:00Z) comes twice", "3 and 4"}},
		"one row, twice":        {"timestamp,value\n60,1\n60,1\n", []string{"1 rows with a time of their own, want at least 2"}},
		"header alone":          {"timestamp,value\n", []string{"0 rows", "want at least 2"}},
		"blank":                 {" \n\n", []string{"empty"}},
		"milliseconds, later":   {"timestamp,value\n1772366460,1\n1772366520000,1\n", []string{"line 3", "looks like milliseconds"}},
		"seconds, later":        {"timestamp,value\n1772366460000,1\n1772366520,1\n", []string{"line 3", "ascending"}},
		"microseconds":          {"timestamp,value\n1772366460000000,1\n", []string{"line 2", "looks like microseconds"}},
		"nanoseconds":           {"timestamp,value\n1772366460000000000,1\n", []string{"line 2", "looks like nanoseconds"}},
		"not a time":            {"timestamp,value\nnoon,1\n", []string{"line 2", `"noon"`, "RFC 3339"}},
		"one row":               {"timestamp,value\n60,1\n", []string{"1 rows", "want at least 2"}},
		"far apart":             {"timestamp,value\n60,1\n61,1\n62,1\n9000000000,1\n", []string{"cells of 1s", "want at most"}},
		"all gaps":              {"timestamp,value\n60,\n120,nan\n", []string{"none of the 2 rows has a value"}},
		"gaps beside replicas":  {"timestamp,rate,replicas\n60,,1\n120,nan,2\n", []string{"none of the 2 rows has a value"}},
		"cut JSON":              {matrix(`[[60,"1"]`)[:90], []string{"JSON", "cut off", "unexpected EOF"}},
		"two answers":           {matrix(`[[60,"1"],[120,"1"]]`) + "{}", []string{"one answer per file"}},
		"error of the server":   {`{"status":"error","errorType":"bad_data","error":"parse error"}`, []string{"bad_data", "parse error"}},
		"instant query":         {`{"status":"success","data":{"resultType":"vector","result":[]}}`, []string{`"vector"`, "query_range"}},
		"other JSON":            {`{"a":1}`, []string{"want matrix"}},
		"no series":             {`[]`, []string{"no series"}},
		"two series":            {`[{"metric":{"a":"1"},"values":[]},{"metric":{"a":"2"},"values":[]}]`, []string{"2 series", `{a="1"}, {a="2"}`, "sum("}},
		"native histogram":      {`[{"metric":{},"histograms":[[60,{}]]}]`, []string{"native histograms"}},
		"an answer of Graphite": {`[{"target":"web","datapoints":[[1,60],[2,120]]}]`, []string{"no series with metric and values", "query_range"}},
		"one point":             {matrix(`[[60,"1"]]`), []string{"1 points", `{job="web"}`}},
		"number in place":       {matrix(`[[60,1],[120,"2"]]`), []string{"point [60,1]", `"number"`}},
		"text in place":         {matrix(`[["60","1"],[120,"2"]]`), []string{`point ["60","1"]`}},
		"three of a pair":       {matrix(`[[60,"1",3],[120,"2"]]`), []string{`point [60,"1",3]`}},
		"points backwards":      {matrix(`[[120,"1"],[60,"2"]]`), []string{"point 1", "ascending"}},
		"one point, two values": {matrix(`[[120,"1"],[180,"2"],[180,"3"]]`), []string{"point 2", "time 180 (1970-01-01T00:03:00Z) comes twice", "2 and 3"}},
		"one point, twice":      {matrix(`[[120,"1"],[120,"1"]]`), []string{"1 rows with a time of their own"}},
		"points without value":  {matrix(`[[120,"NaN"],[180,"NaN"]]`), []string{"none of the 2 rows has a value"}},
		"negative point":        {matrix(`[[120,"1"],[180,"-2"]]`), []string{"point 1", "-2", "180"}},
		"before the epoch":      {matrix(`[[10,"1"],[70,"2"]]`), []string{"point 0", "time -50"}},
		"not OpenMetrics":       {"a{b=\"c\"} 1 60\na{b= 2 70\n# EOF\n", []string{"line 2", "want OpenMetrics"}},
		"no end":                {"a 1 60\n", []string{"line 2", "# EOF", "cut off"}},
		"no time":               {"a 1 60\na 2\n# EOF\n", []string{"line 2", "no timestamp"}},
		"samples backwards":     {"a 1 60\na 2 59\n# EOF\n", []string{"line 2", "series a", "time 59 ", "ascending"}},
		"two samples at once":   {"a 1 60\na 2 60\n# EOF\n", []string{"line 2", "series a", "time 60 (1970-01-01T00:01:00Z) comes twice", "1 and 2"}},
		"none of the formats":   {"hello\nworld\n", []string{"line 1", "neither CSV", "nor JSON", "nor OpenMetrics such as"}},
		"samples in ms":         {"a 1 1772366460000\n# EOF\n", []string{"line 1", "milliseconds"}},
		"one series, two ways":  {"a{b=\"1\",c=\"2\"} 1 60\na{c=\"2\",b=\"1\"} 2 70\n# EOF\n", []string{"line 2", "two ways"}},
		"no samples":            {"# EOF\n", []string{"no data"}},
		"a list of numbers":     {"[1,2,3]", []string{"byte 2 of the result: number", "want a list of series"}},
		"an endless line":       {"timestamp,value\n60," + strings.Repeat("1", 70_000) + "\n", []string{"after 0 rows: a line of more than 65536 bytes"}},
		"too short for a cell":  {"a 1 61\na 1 62\n# EOF\n", []string{"0 cells of 1m within"}},
		"time beyond counting":  {"timestamp,value\n1e300,1\n", []string{"line 2: time 1000", "…, want unix seconds"}},
		"time beyond all sense": {"a 1 60\na 1 8e9\n# EOF\n", []string{"line 2", "away from another"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := export.Decode(t.Context(), strings.NewReader(c.text), export.Options{})
			require.Error(t, err)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	const text = "timestamp,value\n60,1\n120,2\n180,3\n240,3\n"
	for want, o := range map[string]export.Options{
		"no multiple":           {Step: 90 * time.Second},
		"whole number":          {Step: time.Microsecond},
		"at most 366d":          {Step: 400 * 24 * time.Hour},
		"start before the end":  {From: noon(), To: noon()},
		"no cell from":          {From: noon()},
		"more than 30 bytes":    {MaxBytes: 30},
		"want a number above 0": {MaxBytes: -1},
		"no whole cell of 1h":   {Step: time.Hour},
	} {
		_, err := export.Decode(t.Context(), strings.NewReader(text), o)
		require.ErrorContains(t, err, want)
	}
	bomb := zipped(t, text+strings.Repeat("\n", 1<<20))
	_, err := export.Decode(t.Context(), strings.NewReader(bomb), export.Options{MaxBytes: 1 << 19})
	require.ErrorContains(t, err, "more than 524288 bytes once decompressed")
	_, err = export.Decode(t.Context(), strings.NewReader(bomb[:len(bomb)/2]), export.Options{})
	require.ErrorContains(t, err, "unexpected EOF")
	_, err = export.Read(t.Context(), "nowhere.csv", export.Options{})
	require.EqualError(t, err, "read nowhere.csv: no such file or directory")
}

func TestGrids(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		text  string
		o     export.Options
		start int64
		want  []float64
	}{
		"a recording moves back to the grid":    {"timestamp,value\n77,1\n137,2\n257,4\n", export.Options{}, 60, []float64{1, 2, nan, 4}},
		"rows jitter":                           {"timestamp,value\n59,1\n121,2\n179,3\n301,5\n", export.Options{}, 60, []float64{1, 2, 3, nan, 5}},                                    // 62 s and 58 s
		"one row late, the others a minute":     {"timestamp,value\n60,1\n120,2\n180,3\n240,4\n300,5\n384,6\n444,7\n504,8\n", export.Options{}, 60, []float64{1, 2, 3, 4, 5, 6, 7, 8}}, // a mean of 63 s
		"rows that keep no step, in cells":      {"timestamp,value\n10,1\n77,3\n190,5\n250,6\n361,8\n421,9\n", export.Options{Step: 2 * time.Minute}, 0, []float64{2, 5, 6, 8.5}},      // 67 s, 113 s, 60 s: one of 64 s would be no part of two minutes
		"a query speaks of what is before":      {matrix(`[[120,"1"],[180,"2"],[300,"4"]]`), export.Options{}, 60, []float64{1, 2, nan, 4}},
		"a query off the grid":                  {matrix(`[[137,"1"],[197,"2"],[317,"4"]]`), export.Options{}, 60, []float64{1, 2, nan, 4}},
		"what is no number is a gap":            {matrix(`[[120,"1"],[180,"NaN"],[240,"+Inf"],[300,"4"]]`), export.Options{}, 60, []float64{1, nan, nan, 4}},
		"rows that come twice count once":       {"timestamp,rate,replicas\n60,1,\n120,2,2\n120,2,\n120,2,2\n180,3,\n180,,3\n180,3,3\n", export.Options{}, 60, []float64{1, 2, 3}},
		"points that come twice":                {matrix(`[[120,"1"],[180,"2"],[180,"2"],[240,"NaN"],[240,"NaN"],[300,"4"]]`), export.Options{}, 60, []float64{1, 2, nan, 4}},
		"samples that come twice":               {"q 3 60\nq 3 60\nq 3 90\nq 3 120\nq NaN 121\nq NaN 121\nq 3 420\n# EOF\n", export.Options{Query: "q"}, 60, []float64{3, nan, nan, nan, nan, 3}},
		"coarse cells are whole":                {"timestamp,value\n60,9\n120,1\n180,3\n240,5\n300,\n360,7\n", export.Options{Step: 2 * time.Minute}, 120, []float64{2, 5}},
		"bounds hold whole cells":               {"timestamp,value\n60,1\n120,2\n180,3\n240,4\n", export.Options{From: time.Unix(61, 0), To: time.Unix(240, 0)}, 120, []float64{2, 3}},
		"RFC 3339, quotes, order, a mark":       {"\ufefftimestamp,\"replicas\",rate\r\n1970-01-01T00:01:00Z,1,5\r\n1970-01-01T00:02:00Z,1,6\r\n", export.Options{}, 60, []float64{5, 6}},
		"all in quotes":                         {"\"timestamp\",\"value\"\r\n\"60\",\"1.5\"\r\n\"120\",\"\"\r\n\"180\", \"2\"\r\n", export.Options{}, 60, []float64{1.5, nan, 2}},
		"words for no value":                    {"timestamp,rate,latency\n60,1,N/A\n120,NA,0.1\n180,None,0.1\n240,null,0.1\n300,5,nan\n", export.Options{}, 60, []float64{1, nan, nan, nan, 5}},
		"a comment before the header":           {"# of Monday\n#\ntimestamp,value\n60,1\n120,2\n", export.Options{}, 60, []float64{1, 2}},
		"promtool's JSON":                       {`[{"metric":{},"values":[[120,"1"],[180,"2"]]}]`, export.Options{}, 60, []float64{1, 2}},
		"quoted names are OpenMetrics, no JSON": {"{\"http.queue\"} 3 60\n{\"http.queue\"} 5 90\n{\"http.queue\"} 5 120\n# EOF\n", export.Options{}, 60, []float64{5}},
		"staleness in a dump":                   {"q 3 60\nq 3 90\nq 3 120\nq NaN 121\nq 3 420\n# EOF\n", export.Options{Query: "q"}, 60, []float64{3, nan, nan, nan, nan, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := export.Decode(t.Context(), strings.NewReader(c.text), c.o)
			require.NoError(t, err)
			require.NoError(t, d.Rate.Check())
			require.Equal(t, c.start, d.Rate.Start.Unix())
			requireSame(t, c.want, d.Rate.Values)
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("ds,y\n1970-01-01 00:01:00,1\n1970-01-01 00:02:00,2\n"), uint16(0))
	f.Add([]byte("1772366460,1\n1772366520,2\n"), uint16(0))
	f.Add([]byte("timestamp,rate,latency,replicas\n60,1,,2\n120,2,0.1,\n240,,,\n"), uint16(0))
	f.Add([]byte("timestamp,value\n1970-01-01T00:01:00Z,1\n200,1e3\n"), uint16(120))
	f.Add([]byte(matrix(`[[120.5,"1"],[180.5,"NaN"],[240.5,"3"]]`)), uint16(60))
	f.Add([]byte("# TYPE a counter\na_total{b=\"c\"} 1 60\na_total{b=\"c\"} 9 90.5\na_total{b=\"c\"} 3 190\n# EOF\n"), uint16(0))
	f.Add([]byte(zippedSeed()), uint16(0))
	f.Fuzz(func(t *testing.T, data []byte, step uint16) {
		o := export.Options{Step: time.Duration(step) * time.Second, MaxBytes: 1 << 16}
		// An hour bounds the steps of PromQL to 3600, not what is parsed: a month at
		// a step of a second took seconds for a file of one line.
		o.From, o.To = time.Unix(1, 0), time.Unix(3600, 0)
		d, err := export.Decode(t.Context(), bytes.NewReader(data), o)
		if err != nil {
			return
		}
		require.NoError(t, d.Rate.Check())
		n := d.Rate.Len()
		require.Positive(t, n)
		require.False(t, math.IsNaN(d.Rate.Values[0]), "a series begins with a value")
		require.False(t, math.IsNaN(d.Rate.Values[n-1]), "and ends with one")
		for i, v := range d.Rate.Values {
			require.False(t, v < 0 || math.IsInf(v, 0), "cell %d: %v", i, v)
		}
		for _, values := range [][]float64{d.Latency.Values, d.Replicas.Values} {
			require.True(t, values == nil || len(values) == n, "%d values beside %d rates", len(values), n)
		}
		require.NoError(t, export.Write(&bytes.Buffer{}, d))
	})
}

// What Grafana, pandas and spreadsheets write is read, and what had to be assumed is said.
// Formerly each of these was an error that said how to rewrite the file. But the first is
// what a panel's "Download CSV" gives, a lone column can only be the metric, and no time
// in seconds is one in milliseconds: nothing is guessed that could be meant otherwise, but
// for the zone, which the note names.
func TestTablesOfOtherToolsAreRead(t *testing.T) {
	const (
		column = "the column %q is read as the metric"
		zone   = "the times name no zone and are read as UTC"
		millis = "the times are read as milliseconds since 1970"
		rows   = "the first column, which has no name, is left out"
	)
	for name, c := range map[string]struct {
		text  string
		notes []string
	}{
		"Grafana":                {"\"Time\",\"{job=\"\"web\"\"}\"\n2026-03-01 12:01:00,1\n2026-03-01 12:02:00,2\n", []string{fmt.Sprintf(column, `{job="web"}`), zone}},
		"Grafana, unformatted":   {"\"Time\",\"Value\"\n1772366460000,1\n1772366520000,2\n", []string{millis}},
		"milliseconds, quoted":   {"timestamp,value\n\"1772366460000\",1\n\"1772366520000\",2\n", []string{millis}},
		"pandas":                 {"timestamp,rps\n2026-03-01 12:01:00+00:00,1.0\n2026-03-01 13:02:00+01:00,2.0\n", []string{fmt.Sprintf(column, "rps")}},
		"pandas, row numbers":    {",timestamp,rps\n0,2026-03-01 12:01:00,1.0\n1,2026-03-01 12:02:00,2.0\n", []string{rows, fmt.Sprintf(column, "rps"), zone}},
		"a spreadsheet":          {"Timestamp,Value\n2026-03-01 12:01,1\n2026-03-01 12:02,2\n", []string{zone}},
		"Grafana, for Excel":     {"sep=,\r\n\"Time\",\"{job=\"\"web\"\"}\"\r\n2026-03-01 12:01:00,1\r\n2026-03-01 12:02:00,2\r\n", []string{fmt.Sprintf(column, `{job="web"}`), zone}},
		"with a byte order mark": {"\ufeffTimestamp,Value\n2026-03-01 12:01,1\n2026-03-01 12:02,2\n", []string{zone}},
		"with slashes":           {"timestamp,value\n2026/03/01 12:01,1\n2026/03/01 12:02:00,2\n", []string{zone}},
		"ISO 8601":               {"time,value\n2026-03-01T12:01:00.000,1\n2026-03-01T12:02:00.000,2\n2026-03-01T12:03:00.000,null\n", []string{zone}},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := export.Decode(t.Context(), strings.NewReader(c.text), export.Options{})
			require.NoError(t, err)
			require.Equal(t, int64(1772366460), d.Rate.Start.Unix())
			require.Equal(t, []float64{1, 2}, d.Rate.Values)
			require.Equal(t, c.notes, d.Notes)
		})
	}
}

// Tables of other collections have a time of any name, in any place, no header, or more
// columns than one: what can be read in one way only is read, and of more columns a query
// names the one, as the header writes it.
func TestColumnsAreFound(t *testing.T) {
	const (
		instant = "the column %q is read as the time"
		column  = "the column %q is read as the metric"
		zone    = "the times name no zone and are read as UTC"
	)
	for name, c := range map[string]struct {
		text  string
		o     export.Options
		notes []string
	}{
		"no header":                         {"1772366460,1\n1772366520,2\n", export.Options{}, []string{"there is no header: the columns are read as timestamp,value"}},
		"no header, a zone":                 {"\"2026-03-01T12:01:00.000+0000\",1\n\"2026-03-01T13:02:00.000+0100\",2\n", export.Options{}, []string{"there is no header: the columns are read as timestamp,value"}},
		"a time of another name":            {"ds,y\n2026-03-01 12:01:00,1\n2026-03-01 12:02:00,2\n", export.Options{}, []string{fmt.Sprintf(instant, "ds"), fmt.Sprintf(column, "y"), zone}},
		"a time at the end":                 {"players,date_time\n1,2026-03-01 12:01:00\n2,2026-03-01 12:02:00\n", export.Options{}, []string{fmt.Sprintf(instant, "date_time"), fmt.Sprintf(column, "players"), zone}},
		"a label beside the value":          {"timestamp,value,label\n1772366460,1,0\n1772366520,2,high\n", export.Options{Query: "value"}, nil},
		"several series of Grafana":         {"\"Time\",\"{job=\"\"web\"\"}\",\"{job=\"\"db\"\"}\"\n1772366460000,9,1\n1772366520000,9,2\n", export.Options{Query: `{job="db"}`}, []string{"the times are read as milliseconds since 1970"}},
		"minutes, and no zone":              {"ds,y\n2026-03-01T12:01,1\n2026-03-01T12:02,2\n", export.Options{}, []string{fmt.Sprintf(instant, "ds"), fmt.Sprintf(column, "y"), zone}},
		"UTC in letters":                    {"ds,y\n2026-03-01 12:01:00 UTC,1\n2026-03-01 12:02:00 UTC,2\n", export.Options{}, []string{fmt.Sprintf(instant, "ds"), fmt.Sprintf(column, "y")}},
		"a day, then a time":                {"date,ts,count\n2026-03-01,2026-03-01 12:01:00,1\n2026-03-01,2026-03-01 12:02:00,2\n", export.Options{Query: "count"}, []string{fmt.Sprintf(instant, "ts"), zone}},
		"a rate, and a latency of any name": {"timestamp,rate,p99,errors\n1772366460,1,0.1,7\n1772366520,2,0.2,7\n", export.Options{LatencyQuery: "p99"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := export.Decode(t.Context(), strings.NewReader(c.text), c.o)
			require.NoError(t, err)
			require.Equal(t, int64(1772366460), d.Rate.Start.Unix())
			require.Equal(t, []float64{1, 2}, d.Rate.Values)
			require.Equal(t, c.notes, d.Notes)
			require.Equal(t, c.o.LatencyQuery != "", d.Latency.Values != nil)
		})
	}
}

// Daily values have dates for times, which are those of midnight. A time of day beside one is
// the time instead.
func TestDatesAreTimes(t *testing.T) {
	for name, text := range map[string]string{
		"by name":       "timestamp,value\n2026-03-01,1\n2026-03-02,2\n2026-03-04,4\n",
		"by their form": "date,visits\n2026/03/01,1\n2026/03/02,2\n2026/03/04,4\n",
		"no header":     "2026-03-01,1\n2026-03-02,2\n2026-03-04,4\n",
	} {
		t.Run(name, func(t *testing.T) {
			d, err := export.Decode(t.Context(), strings.NewReader(text), export.Options{})
			require.NoError(t, err)
			require.Equal(t, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), d.Rate.Start)
			require.Equal(t, 24*time.Hour, d.Rate.Step)
			require.Len(t, d.Rate.Values, 4)
			require.Equal(t, []float64{1, 2}, d.Rate.Values[:2])
			require.True(t, math.IsNaN(d.Rate.Values[2]), "a day without a row is a gap")
			require.Contains(t, d.Notes, "the times name no zone and are read as UTC")
		})
	}
}

// A number that is no time of these decades makes no column the time, and a name that is not
// there is no guess at another one.
func TestColumnsThatAreNotFound(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		o    export.Options
		want string
	}{
		"a number of rows for a time": {",cpu\n0,24\n1,23\n", export.Options{}, "want the header"},
		"days the other way round":    {"date,visits\n01.03.2026,24\n02.03.2026,23\n", export.Options{}, `line 1: no column of "date,visits" is a time, such as 1789000000 or 2026-09-10T00:26:40Z: the first row is "01.03.2026,24"`},
		"bytes beside a name":         {"host,bytes\nweb,1772366460\nweb,1772366520\n", export.Options{}, "want the header"},
		"no such column":              {"timestamp,value,label\n60,1,0\n120,2,0\n", export.Options{Query: "Value"}, `line 1: no column "Value" beside the time in "timestamp,value,label"`},
		"the time for the metric":     {"timestamp,value\n60,1\n120,2\n", export.Options{Query: "timestamp"}, `no column "timestamp" beside the time`},
		"no metric beside a latency":  {"timestamp,rps,p99\n60,1,1\n120,2,1\n", export.Options{LatencyQuery: "p99"}, "want the header"},
		"an answer of Prometheus":     {matrix(`[[60,"1"],[120,"2"]]`), export.Options{Query: "up"}, "want none"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := export.Decode(t.Context(), strings.NewReader(c.text), c.o)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// The seam of two exports is told, for whoever did not mean to join them.
func TestRepeatedRowsAreNoted(t *testing.T) {
	d, err := export.Decode(t.Context(), strings.NewReader("timestamp,value\n60,1\n120,2\n120,2\n180,3\n180,3\n"), export.Options{})
	require.NoError(t, err)
	require.Equal(t, []string{"2 rows repeat the one before and count once"}, d.Notes)
}

// An answer that is not whole is read, because its user knows why; but that is said.
func TestWarningsOfTheServerAreNoted(t *testing.T) {
	whole := matrix(`[[120,"1"],[180,"2"]]`)
	for more, want := range map[string][]string{
		``: nil,
		`"warnings":["store a is down","store b is down"],`: {"the server warned: store a is down", "the server warned: store b is down"},
		`"isPartial":true,`: {"the server marked its answer as partial: a store behind it was missing"},
	} {
		d, err := export.Decode(t.Context(), strings.NewReader("{"+more+whole[1:]), export.Options{})
		require.NoError(t, err)
		require.Equal(t, want, d.Notes)
	}
}

func TestACutGzipFileIsCalledOne(t *testing.T) {
	zipped := func(text string) string {
		var out bytes.Buffer
		zip := gzip.NewWriter(&out)
		_, err := zip.Write([]byte(text))
		require.NoError(t, err)
		require.NoError(t, zip.Close())
		return out.String()
	}
	once := zipped("timestamp,value\n60,1\n120,2\n")
	_, err := export.Decode(t.Context(), strings.NewReader(once[:len(once)-9]), export.Options{})
	require.ErrorContains(t, err, "the gzip file is cut off: unexpected EOF")
	_, err = export.Decode(t.Context(), strings.NewReader(zipped(once)), export.Options{})
	require.ErrorContains(t, err, "compressed with gzip twice")
}
