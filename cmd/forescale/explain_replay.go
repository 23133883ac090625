package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/forescale/forescale/scaler"
)

// replayRecord decides and answers again what the file holds, the message of --json or one
// of its records, and says whether it comes out the same.
func replayRecord(out io.Writer, path string) error {
	data, err := readNamed(path)
	if err != nil {
		return fmt.Errorf("--replay: %w", err)
	}
	decision, answer, err := recordsOf(data)
	if err == nil && decision != nil {
		err = replayDecision(out, decision)
	}
	if err == nil && answer != nil {
		err = replayAnswer(out, answer)
	}
	if err != nil {
		return fmt.Errorf("--replay %s: %w", path, err)
	}
	return nil
}

// recordsOf returns the records that text holds, at least one of them.
func recordsOf(text []byte) (decision, answer []byte, err error) {
	var message struct {
		Workload json.RawMessage `json:"workload"`
		Record   string          `json:"recordJson"`
		Answered string          `json:"answerRecordJson"`

		Decision *struct {
			Reason scaler.Reason `json:"reason"`
		} `json:"decision"`
		Input *struct {
			Need *float64 `json:"need"`
		} `json:"input"`
	}
	err = json.Unmarshal(text, &message)
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("%w: %w", errNoRecord, err)
	case message.Workload != nil && message.Record == "" && message.Answered == "":
		return nil, nil, errors.New("nothing had been answered yet, or demand was unknown: there is nothing to replay")
	case message.Workload != nil:
		return orNil(message.Record), orNil(message.Answered), nil
	case message.Decision != nil && message.Decision.Reason != "":
		return text, nil, nil
	case message.Input != nil && message.Input.Need != nil:
		return nil, text, nil
	}
	return nil, nil, errNoRecord
}

var errNoRecord = errors.New("no record of a decision, want the output of explain --json, or its recordJson or answerRecordJson")

func orNil(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text)
}

func replayDecision(out io.Writer, text []byte) error {
	var r scaler.Record
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("%w: %w", errNoRecord, err)
	}
	d, _, err := r.Replay()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%d replicas, as recorded: %s\n", d.Replicas, trail(d))
	return err
}

func replayAnswer(out io.Writer, text []byte) error {
	var r scaler.AnswerRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("%w: %w", errNoRecord, err)
	}
	a, err := r.Replay()
	if err != nil {
		return err
	}
	why := "what demand needs"
	if a.Rule != "" {
		why = string(a.Rule) + " makes it differ from the need of " + number(r.Input.Need)
	}
	_, err = fmt.Fprintf(out, "an answer of %s, as recorded: %s\n", number(a.Value), why)
	return err
}
