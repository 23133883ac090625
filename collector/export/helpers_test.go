package export_test

import (
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// answer is what the server says to the range query.
func answer(t *testing.T, server string) string {
	t.Helper()
	form := url.Values{
		"query": {query}, "step": {"60"},
		"start": {noon().Add(2 * time.Minute).Format(time.RFC3339)}, "end": {noon().Add(119 * time.Minute).Format(time.RFC3339)},
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server+"/api/v1/query_range?"+form.Encode(), http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, string(body))
	return string(body)
}

func zippedSeed() string {
	return "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" // a header and nothing after it
}
