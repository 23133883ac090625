package regress_test

import (
	"testing"

	"github.com/forescale/forescale/forecast/forecasttest"
	"github.com/forescale/forescale/forecast/regress"
)

func TestModelsKeepTheContract(t *testing.T) {
	models := map[string]*regress.Model{
		"raw": {}, "log": {Form: regress.Log},
		"long raw": {Reach: regress.Long}, "long log": {Form: regress.Log, Reach: regress.Long},
	}
	for name, m := range models {
		t.Run(name, func(t *testing.T) { forecasttest.TestModel(t, m) })
	}
}
