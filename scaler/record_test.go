package scaler_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler"
)

// requireReplays sends a record through JSON and back, decides again, and wants
// the same decision, state and text.
func requireReplays(t *testing.T, where string, r scaler.Record, next scaler.State) {
	t.Helper()
	text, err := json.Marshal(r)
	require.NoError(t, err, where)
	var back scaler.Record
	require.NoError(t, json.Unmarshal(text, &back), where)
	d, st, err := back.Replay()
	require.NoError(t, err, where)
	require.Equal(t, r.Decision, d, where)
	want, err := json.Marshal(next)
	require.NoError(t, err, where)
	got, err := json.Marshal(st)
	require.NoError(t, err, where)
	require.JSONEq(t, string(want), string(got), where)
}

func TestReplayNoticesOtherRules(t *testing.T) {
	in := scaler.Input{Now: epoch, Current: 3, Desired: 5, Demand: scaler.Demand{Observed: 50, Predicted: 50}}
	r := scaler.Record{Input: in}
	r.Decision, _ = scaler.Decide(r.Spec, r.State, in)
	require.Equal(t, int32(5), r.Decision.Replicas)
	_, _, err := r.Replay()
	require.NoError(t, err)
	r.Decision.Replicas = 4
	_, _, err = r.Replay()
	require.ErrorContains(t, err, "replay gives 5 (DesiredWithinRange), recorded 4")
}

func TestReplayOfAnAnswerNoticesOtherRules(t *testing.T) {
	in := scaler.AnswerInput{Now: epoch, Need: 410, Target: 100, Count: 5, Desired: 7, LeadTime: 2 * time.Minute}
	r := scaler.AnswerRecord{Input: in}
	r.Answer, _ = scaler.Respond(r.Hold, in)
	_, err := r.Replay()
	require.NoError(t, err)
	other := r
	other.Answer.Value = 410
	a, err := other.Replay()
	require.ErrorContains(t, err, "replay answers 700 (BreakEvenHold), recorded 410 (BreakEvenHold)")
	require.Equal(t, r.Answer, a)
	other = r
	other.Answer.Rule = scaler.Burst
	_, err = other.Replay()
	require.ErrorContains(t, err, "recorded 700 (Burst)")
}

// A record that no program can have written is an error, whatever the rules would decide from it.
func TestAnAnswerOfAnotherTimeIsAnError(t *testing.T) {
	now := epoch.Unix() / 15
	for name, c := range map[string]struct {
		at   time.Time
		slot int64
		want bool
	}{
		"of now":                         {epoch, now, true},
		"without a hold":                 {epoch, 0, true},
		"with a hold of later":           {epoch, now + 1, false},
		"with a hold of before the time": {epoch, -1, false},
		"of the first minutes of 1970":   {time.Unix(599, 0), 0, false},
		"and of after them":              {time.Unix(600, 0), 0, true},
		"of a time out of range":         {time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC), 0, false},
		"of none":                        {time.Time{}, 0, false},
	} {
		r := scaler.AnswerRecord{Input: scaler.AnswerInput{Now: c.at, Need: 410, Target: 100, Count: 5, Desired: 5}, Hold: scaler.Hold{Slot: c.slot}}
		r.Answer = scaler.Answer{Value: 410}
		_, err := r.Replay()
		if c.want {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, "want a time from 1970 to 2261 and no later hold", name)
	}
}

func TestHostileRecordsAreErrors(t *testing.T) {
	mark := `{"at":"2026-03-02T08:00:00Z","replicas":1}`
	long := "[" + strings.Repeat(mark+",", 200) + mark
	var st scaler.State
	require.ErrorContains(t, json.Unmarshal([]byte(`{"highs":`+long+`]}`), &st), "201 marks")
	var d scaler.Decision
	step := `{"rule":"NoData","replicas":1}`
	require.ErrorContains(t, json.Unmarshal([]byte(`{"trail":[`+strings.Repeat(step+",", 8)+step+`]}`), &d), "9 steps")
	require.NoError(t, json.Unmarshal([]byte(`{"trail":[`+strings.Repeat(step+",", 7)+step+`]}`), &d), "as many as a decision can have")
}
