# Everything a developer types. Each target installs what it needs, or says what to install.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run test screenshots lint fmt fuzz bench docs web clean

help: ## Show these targets
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' $(MAKEFILE_LIST)

run: web ## Build and start Portcullis with a demo service behind it
	cargo build --release --package portcullis
	exec target/release/portcullis serve --demo

test: web ## Run every test
	scripts/ensure-tools test
	cargo test --workspace --doc
	cargo build --package portcullis
	cd web && npm run test
	cargo nextest run --workspace

screenshots: web ## Photograph every page: LOCALE=de for another language, THEME=1 in a tenant's look
	scripts/ensure-tools browser
	cargo build --package portcullis
	cd web && npm run screenshots --workspace e2e

lint: ## Check format, lints, licences and banned crates
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	scripts/ensure-tools deny && cargo deny --log-level error check --hide-inclusion-graph bans licenses sources

fmt: ## Format the code
	cargo fmt --all

fuzz: ## Look for bytes that break the parsers; FUZZ_SECONDS each, 60 by default; FUZZ_FLAGS for cargo-fuzz
	scripts/ensure-tools fuzz
	cd fuzz && for target in requests rewritten answers path host forwarded proxy_protocol questions; do \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run $(FUZZ_FLAGS) "$$target" -- -max_total_time=$${FUZZ_SECONDS:-60} -max_len=2048; done

bench: ## Measure beside nginx, and logins and refreshes on each database
	scripts/ensure-tools bench
	cargo build --release --package portcullis --package bench
	python3 bench/run.py

docs: ## Write the generated references anew
	PORTCULLIS_REGENERATE=1 cargo test --package portcullis --test reference

web: web/docs/dist/index.html ## Build the embedded pages

web/node_modules/.package-lock.json: web/package.json web/package-lock.json $(wildcard web/*/package.json)
	scripts/ensure-tools web
	cd web && npm ci

web/docs/dist/index.html: web/node_modules/.package-lock.json web/docs/build.mjs $(wildcard web/docs/src/*)
	cd web && npm run build

clean: ## Remove what was built
	cargo clean
	rm -rf web/node_modules web/docs/dist
