package live

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/auto"
)

// A model that needs weeks of history is tried again as they come. The log says once that they
// are missing, and not anew with each count of cells.
func TestAHistoryThatIsStillShortIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := run(t, &fakeSource{value: wave, since: time.Now()}, Options{Forget: -1, Log: slog.New(slog.NewTextHandler(&log, nil))})
		spec := demand()
		spec.Forecast.Model = auto.HoltWinters
		require.NoError(t, s.Ensure(key, spec))
		time.Sleep(4 * time.Hour)
		synctest.Wait()
		require.Equal(t, 1, strings.Count(log.String(), "model not fitted"), log.String())
	})
}
