SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The linter's exact version: another one finds other things.
GOLANGCI_VERSION := v2.15.0
GOLANGCI ?= golangci-lint

# Where goroutines meet. The other packages are values and text: racing them finds nothing and takes minutes. The tests of
# cmd and whatsapp cut connections at any moment, and whatsmeow races with itself when one is cut in its handshake
# (newNoiseSocket sets FrameSocket.OnDisconnect while Close reads it): their verdict would be about that.
RACE_PACKAGES  ?= ./bot/ ./delivery/ ./store/ ./webhook/ ./web/ ./simulator/...
BENCH_PACKAGES ?= ./conversion/ ./bot/ ./store/ ./delivery/ ./webhook/ ./cmd/...
FUZZTIME       ?= 30s

.PHONY: help build test race lint fmt golden fuzz e2e bench check demo

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the daemon, as bin/leadgate
	go build -o bin/leadgate ./cmd/leadgate

test: ## every test; PostgreSQL too when LEADGATE_TEST_POSTGRES names a database
	go test ./...

race: ## the tests of the packages in which goroutines meet, under the race detector
	go test -race -timeout 30m $(RACE_PACKAGES)

lint: ## golangci-lint (go vet among it), and whether everything is formatted
	@$(GOLANGCI) version 2>/dev/null | grep -qF " $(GOLANGCI_VERSION:v%=%) " || { \
		echo "lint: golangci-lint $(GOLANGCI_VERSION) is not there; install it with" >&2; \
		echo "  go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)" >&2; exit 1; }
	$(GOLANGCI) fmt --diff
	$(GOLANGCI) run ./...

fmt: ## format everything
	$(GOLANGCI) fmt

golden: ## write the golden files anew; read the diff before you commit it
	LEADGATE_UPDATE_GOLDEN=1 go test ./...

fuzz: ## every fuzz target for FUZZTIME (30s) each
	@for package in $$(go list ./...); do \
		listed=$$(go test -list '^Fuzz' "$$package"); \
		for target in $$(grep '^Fuzz' <<<"$$listed" || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package"; \
		done; \
	done

e2e: ## only the end-to-end tests: the daemon against a simulator in another process
	go test -v -count=1 -timeout 30m -run '^TestEndToEnd' ./cmd/...

bench: ## the benchmarks as one table; docs/performance.md holds the figures
	@go test -run '^$$' -bench . -benchmem -timeout 60m $(BENCH_PACKAGES) | go run ./internal/benchtable

check: build lint test race ## what CI runs

demo: ## the daemon on a simulated WhatsApp
	go run ./cmd/leadgate demo
