package model

import (
	"fmt"
	"math"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/event"
	"github.com/forescale/forescale/scaler/api"
)

// calendarOf returns the events of spec, nil if it declares none.
func calendarOf(spec api.Spec) (*event.Calendar, error) {
	if len(spec.Forecast.Events) == 0 {
		return nil, nil //nolint:nilnil // no events is no error
	}
	zone, err := Zone(spec)
	if err != nil {
		return nil, err
	}
	events := make([]event.Event, len(spec.Forecast.Events))
	for i, e := range spec.Forecast.Events {
		start, err := time.Parse(time.RFC3339, e.Start)
		if err != nil {
			return nil, fmt.Errorf("model: forecast.events.%d.start: %w", i, err)
		}
		events[i] = event.Event{
			Name: e.Name, Start: start, Duration: e.Duration.Std(), Every: e.Every.Std(), Location: zone,
			Multiplier: e.Multiplier.Float(), Add: e.Add.Float(), Learn: e.Learn,
		}
	}
	calendar, err := event.NewCalendar(events)
	if err != nil {
		return nil, fmt.Errorf("model: forecast.events: %w", err)
	}
	return calendar, nil
}

// An eventFilter stands between the workload and the filter of a model: the
// model sees the load as it would be without events, the workload a forecast with
// them.
type eventFilter struct {
	inner    forecast.Filter
	calendar *event.Calendar
	next     time.Time // start of the next cell
	step     time.Duration
	effects  []event.Effect
	usual    *forecast.Forecast // of the next cell, without events
}

var _ forecast.Filter = (*eventFilter)(nil)

// withEvents filters history through fitted, learning the events on the way.
func withEvents(fitted forecast.Fitted, calendar *event.Calendar, history forecast.Series) (forecast.Filter, error) {
	f := &eventFilter{calendar: calendar, next: history.Start, step: history.Step, usual: forecast.New(1, 0.5)}
	// Up to the first event the load is the usual one, and filtering it at once is
	// the same as updating, by the contract of forecast.Filter.
	plain := 0
	for plain < history.Len() && !f.on(history.At(plain)) {
		plain++
	}
	inner, err := fitted.Filter(history.Slice(0, plain))
	if err != nil {
		return nil, err
	}
	f.inner, f.next = inner, history.At(plain)
	for _, v := range history.Values[plain:] {
		f.Update(v)
	}
	return f, nil
}

// withoutEvents returns history as it would be without the events, for fitting.
func withoutEvents(calendar *event.Calendar, history forecast.Series) forecast.Series {
	out := forecast.Series{Start: history.Start, Step: history.Step, Values: make([]float64, history.Len())}
	for i, v := range history.Values {
		out.Values[i] = calendar.Without(history.At(i), history.Step, v)
	}
	return out
}

// on reports whether an event touches the cell that starts at at.
func (f *eventFilter) on(at time.Time) bool {
	f.effects = f.calendar.Effects(f.effects[:0], at, f.step)
	return len(f.effects) > 0
}

// Update implements forecast.Filter.
func (f *eventFilter) Update(v float64) {
	clean := v
	if f.on(f.next) {
		f.inner.Forecast(f.usual)
		clean = f.calendar.Without(f.next, f.step, v)
		f.calendar.Update(f.next, f.step, v, f.usual.Values[0][0])
	} else {
		f.calendar.Update(f.next, f.step, v, math.NaN())
	}
	f.inner.Update(clean)
	f.next = f.next.Add(f.step)
}

// Forecast implements forecast.Filter.
func (f *eventFilter) Forecast(dst *forecast.Forecast) {
	f.inner.Forecast(dst)
	f.calendar.Apply(dst)
}

// Explain implements the explanation of a pool, which the model under the events
// may be.
func (f *eventFilter) Explain(h int) []auto.Share {
	if pool, ok := f.inner.(explainer); ok {
		return pool.Explain(h)
	}
	return nil
}
