# Two commands matter: `make demo` and `make test`. Everything they need is installed or built by them.
SHELL := /bin/bash
PRESET ?= dev
JOBS ?= $(shell nproc)
PROFILING_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/profiling-operator
export PROFILING_CACHE
export PATH := $(PROFILING_CACHE)/tools/bin:$(PATH)
export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)

# The value of a variable on make's command line, never that of the shell's environment.
given = $(if $(filter command line,$(origin $1)),$($1))
PUSH = hack/images/push "$(REGISTRY)" $(if $(TAG),--tag "$(TAG)") $(if $(filter-out 0 false no,$(PLAIN_HTTP)),--plain-http)

.PHONY: demo demo-down push test build lint bench bench-webhook scale endurance fuzz faults simulate truth e2e clean deps format help

help:          ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | column -t -s $$'\t'

demo:          ## the whole product on this machine, or with KUBECONFIG=… REGISTRY=… on a cluster: real agents, real S3, real profiles
	@DEMO_KUBECONFIG="$(call given,KUBECONFIG)" DEMO_REGISTRY="$(call given,REGISTRY)" hack/demo/run

demo-down:     ## stop the demo's cluster and remove what it made
	@hack/cluster/cluster --name demo down

push:          ## build the images that the chart names and push them, REGISTRY=host[:port]/path TAG=… PLAIN_HTTP=1
	@[ -n "$(REGISTRY)" ] || { echo "error: REGISTRY is not set; use: make push REGISTRY=host[:port]/path" >&2; exit 2; }
	@$(PUSH) --check
	@hack/deps
	cmake --preset release && cmake --build --preset release --target profiling-operator install_agent
	@$(PUSH)

test: deps     ## all tests: units, golden pods, adapters, real kube-apiserver, real node
	@hack/test $(PRESET)

build: deps    ## what ships, in build/release
	cmake --preset release && cmake --build --preset release --target shipped

lint: deps     ## clang-format, clang-tidy, include direction, shell and Python syntax
	@hack/lint

bench: deps    ## measure; results belong into tests/bench/RESULTS.md
	@tests/bench/run

bench-webhook: deps ## our webhook beside a minimal one on controller-runtime, interleaved on one core
	@tests/bench/webhook

scale: deps    ## memory, start, bursts, faults and fail-over with 500, 8 000 and 150 000 pods
	@tests/scale/run

fuzz: deps     ## libFuzzer on everything that reads what others wrote, FUZZ_SECONDS=60 for each target, TARGETS='pem dns*'
	@tests/fuzz/run $(TARGETS)

faults: build  ## each request of the operator fails in turn, PLANS='drift-*'; a report in build/faults
	@tests/faults/run all $(if $(PLANS),-only '$(PLANS)')

endurance: deps ## the webhook under rotations, floods and large bodies; figures for tests/bench/RESULTS.md; 40 minutes
	@tests/endurance/run $(PARTS)

simulate: deps ## the rollout engine in 100 000 simulated clusters, SCHEDULES=… SEED=…; minutes
	cmake --preset release >/dev/null && cmake --build --preset release --target simulate
	@build/release/tests/simulate/simulate --schedules $(or $(SCHEDULES),100000) --seed $(or $(SEED),1)

truth: build   ## what flame graphs show against what the programs did, CELLS='python/*'; minutes
	@tests/truth/run $(foreach cell,$(CELLS),--only '$(cell)')

e2e: deps      ## only the tests on a real node
	@hack/test $(PRESET) -L e2e

format: deps   ## apply clang-format
	git ls-files '*.cc' '*.h' | xargs clang-format-14 -i

deps:
	@hack/deps

clean:         ## remove build output; caches outside the checkout stay
	rm -rf build
