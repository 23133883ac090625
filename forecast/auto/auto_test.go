package auto_test

import (
	"testing"

	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/forecasttest"
)

func TestPoolKeepsTheContract(t *testing.T) {
	forecasttest.TestModel(t, auto.New(auto.Options{}))
}
