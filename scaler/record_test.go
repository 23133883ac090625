package scaler_test

import (
	"encoding/json"
	"strings"
	"testing"

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
