package scaler_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler"
)

func TestRespond(t *testing.T) {
	for name, c := range map[string]struct {
		change func(in *scaler.AnswerInput)
		want   scaler.Answer
	}{
		"what demand needs":                 {func(*scaler.AnswerInput) {}, scaler.Answer{Value: 410}},
		"in whole replicas":                 {func(in *scaler.AnswerInput) { in.Whole = true }, scaler.Answer{Value: 500}},
		"what calm demand asked for":        {func(in *scaler.AnswerInput) { in.Desired = 7 }, scaler.Answer{Value: 700, Rule: scaler.BreakEvenHold}},
		"unless nothing is to be active":    {func(in *scaler.AnswerInput) { in.Desired, in.Idle = 7, true }, scaler.Answer{Value: 410}},
		"a burst that begins":               {func(in *scaler.AnswerInput) { in.Burst = 20 }, scaler.Answer{Value: 2000, Rule: scaler.Burst}},
		"a guard above it":                  {func(in *scaler.AnswerInput) { in.Burst, in.Guard = 20, 21 }, scaler.Answer{Value: 2100, Rule: scaler.ReactiveGuard}},
		"a guard below it":                  {func(in *scaler.AnswerInput) { in.Burst, in.Guard = 20, 20 }, scaler.Answer{Value: 2000, Rule: scaler.Burst}},
		"a guard of what has come to rest":  {func(in *scaler.AnswerInput) { in.Guard, in.Idle = 21, true }, scaler.Answer{Value: 2100, Rule: scaler.ReactiveGuard}},
		"the bill has the last word":        {func(in *scaler.AnswerInput) { in.Burst, in.Limit = 20, 6 }, scaler.Answer{Value: 600, Rule: scaler.BillLimit}},
		"below the need if need be":         {func(in *scaler.AnswerInput) { in.Limit = 3 }, scaler.Answer{Value: 300, Rule: scaler.BillLimit}},
		"a bill that leaves room is silent": {func(in *scaler.AnswerInput) { in.Limit = 5 }, scaler.Answer{Value: 410}},
	} {
		in := scaler.AnswerInput{Now: epoch, Need: 410, Target: 100, Count: 5, Desired: 5, LeadTime: 2 * time.Minute, Calm: 5 * time.Minute}
		c.change(&in)
		a, _ := scaler.Respond(scaler.Hold{}, in)
		require.Equal(t, c.want, a, name)
	}
}

// The replicas asked for by demand are held for a lead time and a grace: by the answer at first, and
// for the last AnswerHold by the HPA. Those asked for by a burst are held by the HPA alone.
func TestAnAnswerHoldsForLessThanTheHPAAdds(t *testing.T) {
	calm := func(now time.Time) scaler.AnswerInput {
		return scaler.AnswerInput{Now: now, Need: 500, Target: 100, Count: 5, Desired: 5, LeadTime: 2 * time.Minute}
	}
	in := calm(epoch)
	in.Need, in.Count, in.Desired, in.Burst = 700, 7, 7, 20
	a, hold := scaler.Respond(scaler.Hold{}, in)
	require.Equal(t, scaler.Answer{Value: 2000, Rule: scaler.Burst}, a)
	for sync := 1; sync <= 9; sync++ {
		want := 700.0
		if time.Duration(sync)*15*time.Second > in.LeadTime+scaler.Grace-scaler.AnswerHold {
			want = 500
		}
		a, hold = scaler.Respond(hold, calm(epoch.Add(time.Duration(sync)*15*time.Second)))
		require.InDelta(t, want, a.Value, 0, "after %d syncs", sync)
	}
	require.InDelta(t, 500, a.Value, 0, "the HPA holds the rest")
}

// A small step down waits until it was asked for throughout Calm; the last AnswerHold of that is
// waited by the HPA.
func TestAnAnswerWaitsForCalmLessThanTheHPAAdds(t *testing.T) {
	in := scaler.AnswerInput{Now: epoch, Need: 1000, Target: 100, Count: 10, Desired: 10, LeadTime: time.Minute, Calm: 5 * time.Minute}
	a, hold := scaler.Respond(scaler.Hold{}, in)
	in.Need, in.Count, in.Desired = 900, 9, 9
	for sync := 1; sync <= 20; sync++ {
		want := 1000.0
		if time.Duration(sync)*15*time.Second > in.Calm-scaler.AnswerHold {
			want = 900
		}
		in.Now = epoch.Add(time.Duration(sync) * 15 * time.Second)
		a, hold = scaler.Respond(hold, in)
		require.InDelta(t, want, a.Value, 0, "after %d syncs", sync)
	}
	require.InDelta(t, 900, a.Value, 0, "the HPA holds the rest")
}

// The answers of a day, and the memory after each, are the same after a round trip through JSON.
func TestAnswersAreReplayedBitForBit(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	hold, need := scaler.Hold{}, 400.0
	for i := range 5760 {
		need = max(need+30*rng.NormFloat64(), 0)
		count := scaler.Ceil(need / 100)
		in := scaler.AnswerInput{
			Now: epoch.Add(time.Duration(i) * 15 * time.Second), Need: need, Target: 100, Count: count, Desired: count, Idle: need == 0,
			Guard: rng.Int32N(5), Burst: rng.Int32N(6), Limit: rng.Int32N(40), LeadTime: 2 * time.Minute, Calm: 5 * time.Minute,
		}
		r := scaler.AnswerRecord{Hold: hold, Input: in}
		r.Answer, hold = scaler.Respond(hold, in)
		text, err := json.Marshal(r)
		require.NoError(t, err)
		var back scaler.AnswerRecord
		require.NoError(t, json.Unmarshal(text, &back))
		a, err := back.Replay()
		require.NoError(t, err)
		require.Equal(t, r.Answer, a)
		_, again := scaler.Respond(back.Hold, back.Input)
		require.Equal(t, hold, again)
	}
}

// Whatever a file holds that is taken for a record, a replay ends with a result or an error.
func FuzzReplay(f *testing.F) {
	for _, r := range []any{
		scaler.AnswerRecord{Input: scaler.AnswerInput{Now: epoch, Need: 410, Target: 100, Count: 5, Desired: 5}},
		scaler.Record{Input: scaler.Input{Now: epoch, Current: 3, Desired: 5}},
	} {
		text, err := json.Marshal(r)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text []byte) {
		var answer scaler.AnswerRecord
		if json.Unmarshal(text, &answer) == nil {
			_, _ = answer.Replay()
		}
		var decision scaler.Record
		if json.Unmarshal(text, &decision) == nil {
			_, _, _ = decision.Replay()
		}
	})
}
