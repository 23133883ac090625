package event_test

import (
	"fmt"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/event"
)

// A newsletter doubles the load for half an hour, Tuesdays and Thursdays at nine.
func ExampleCalendar() {
	calendar, err := event.NewCalendar([]event.Event{{
		Name:       "newsletter",
		Start:      time.Date(2024, 5, 7, 9, 0, 0, 0, time.UTC), // a Tuesday
		Duration:   30 * time.Minute,
		Weekdays:   []time.Weekday{time.Tuesday, time.Thursday},
		Multiplier: 2,
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	f := forecast.New(4, 0.5)
	f.Start, f.Step = time.Date(2024, 5, 9, 8, 30, 0, 0, time.UTC), 15*time.Minute
	for h := range f.Values { // what a model says, which was fed with calendar.Without
		f.Values[h][0], f.Peaks[h][0] = 100, 100
	}
	calendar.Apply(f)
	for h, row := range f.Values {
		fmt.Println(f.Start.Add(time.Duration(h)*f.Step).Format("15:04"), row[0])
	}
	// Output:
	// 08:30 100
	// 08:45 100
	// 09:00 200
	// 09:15 200
}
