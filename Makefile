# forescale: what a developer runs. `make help` lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
unexport CDPATH # or cd may lead elsewhere
.DEFAULT_GOAL := help

GO            ?= go
GOLANGCI_LINT ?= v2.15.0
IMAGE         ?= forescale:devel
FUZZTIME      ?= 100000x
DEMO_FLAGS    ?=
K8S           ?=
RACE          ?= $(if $(filter 0,$(shell $(GO) env CGO_ENABLED)),,-race)

# Tools live outside the repository, so that a clean clone finds them again.
TOOLS   := $(or $(FORESCALE_TOOLS),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/forescale/bin)
LINTER  := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT)
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT  := $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)

# The packages that can only fail for reasons inside the program.
PURE = $(shell $(GO) list ./forecast/... ./collector ./scaler ./scaler/api ./scaler/{burst,capacity,engine,model,nowcast,pacing,reactive,shadow,staffing,trial,trust}/... ./bench/... | grep -vE "(forecast|replay)test$$")

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ everyday

.PHONY: build
build: ## build bin/forescale, static
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o bin/forescale ./cmd/forescale

.PHONY: demo
demo: build ## see the forecast lead the load: everything embedded, about a minute
	./bin/forescale demo $(DEMO_FLAGS)

# The race detector takes a C compiler. Without one it is left out, and that is said.
.PHONY: test
test: ## run the tests
	@$(if $(RACE),,echo 'test: without the race detector, which takes a C compiler' >&2)
	$(GO) test $(RACE) -shuffle=on -timeout 60m ./...

.PHONY: lint
lint: linter ## check the style
	"$(LINTER)" run --allow-parallel-runners ./...

.PHONY: fmt
fmt: linter ## format the code
	"$(LINTER)" fmt ./...

.PHONY: arch
arch: ## prove that the pure packages reach no Kubernetes, Prometheus, gRPC or HTTP
	@impure='^(k8s\.io/|sigs\.k8s\.io/controller-runtime|github\.com/prometheus/|google\.golang\.org/grpc|net/http$$)'; \
	bad=$$($(GO) list -f '{{$$p := .ImportPath}}{{range .Deps}}{{$$p}} reaches {{.}}{{"\n"}}{{end}}' $(PURE) | grep -E "reaches $${impure#^}" || true); \
	if [ -n "$$bad" ]; then echo "$$bad" >&2; exit 1; fi; \
	core=$$($(GO) list -f '{{$$p := .ImportPath}}{{range .Deps}}{{$$p}} {{.}}{{"\n"}}{{end}}' ./forecast/... | grep -vE ' (github\.com/forescale/forescale/forecast|gonum\.org/v1/gonum|golang\.org/x/exp|github.com/stretchr)' | grep -E ' [a-z0-9-]+\.[a-z]+/' || true); \
	if [ -n "$$core" ]; then echo "forecast may use the standard library and gonum only:" >&2; echo "$$core" >&2; exit 1; fi; \
	echo "arch: $(words $(PURE)) pure packages are pure"

.PHONY: chart
chart: ## compare the Helm chart with the Kustomize manifests, by Helm itself
	cd deploy/e2e && $(GO) test -short ./helm

.PHONY: verify
verify: ## generated files and go.mod are up to date
	$(GO) mod tidy -diff
	$(MAKE) generate
	@git diff --exit-code -- . || { echo 'verify: generated files differ, commit what make generate wrote' >&2; exit 1; }

.PHONY: generate
generate: ## write the generated files: the CRD, deep copies, the stubs of our gRPC API, the files of the chart
	$(GO) generate ./...

.PHONY: prior
prior: ## train the built-in network anew, some minutes
	cd forecast/lstm/prior && $(GO) run ./generate prior.safetensors

##@ measuring

.PHONY: bench
bench: ## run the benchmarks, six times, for benchstat
	$(GO) test -run '^$$' -bench . -benchmem -count 6 ./... | tee /dev/stderr > bench.txt

.PHONY: fuzz
fuzz: ## run each fuzz test FUZZTIME times (or for a while: 20s)
	@for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$pkg; \
	  done; \
	done

.PHONY: hpa-differential
hpa-differential: ## compare the ports of HPA and KPA with the real controllers
	cd bench/replay/differential && $(GO) test ./...

.PHONY: bench-accuracy
bench-accuracy: build ## measure the forecasts on FORESCALE_TRACES and FORESCALE_M4, directories of your own
	@if [ -z "$${FORESCALE_TRACES:-}$${FORESCALE_M4:-}" ]; then echo 'bench-accuracy: set FORESCALE_TRACES to a directory of csv.gz series, or FORESCALE_M4 to one with the M4 hourly files' >&2; exit 2; fi
	@if [ -n "$${FORESCALE_TRACES:-}" ]; then ./bin/forescale accuracy --traces "$$FORESCALE_TRACES"; fi
	@if [ -n "$${FORESCALE_M4:-}" ]; then ./bin/forescale accuracy --m4 "$$FORESCALE_M4" --out out/m4; fi

##@ releasing

.PHONY: image
image: ## build the container image
	docker buildx build --build-arg VERSION=$(VERSION) --build-arg COMMIT=$(COMMIT) -t $(IMAGE) .

.PHONY: e2e
e2e: build ## run the real etcd, API server, HPA controller, KWOK, KEDA and Prometheus, and forescale among them (K8S=1.37: that version)
	deploy/e2e/tools/build.sh prometheus k8s $(if $(K8S),k8s-$(K8S)) kwok keda
	cd deploy/e2e && FORESCALE_BINARY="$(CURDIR)/bin/forescale" FORESCALE_K8S=$(K8S) $(GO) test -count=1 -timeout 40m -p 1 -parallel 6 -v ./...

.PHONY: prometheus
prometheus: ## build a Prometheus 3.x for the tests, into the cache
	deploy/e2e/tools/build.sh prometheus

# No file target, because make takes a path with a space for two.
.PHONY: linter
linter:
	@if [ ! -x "$(LINTER)" ]; then \
	  mkdir -p "$(TOOLS)"; new=$$(mktemp -d "$(TOOLS)/.install.XXXXXX"); trap 'rm -rf "$$new"' EXIT; \
	  GOBIN="$$new" $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT); \
	  mv "$$new/golangci-lint" "$(LINTER)"; \
	fi
