# Everything that is done with this project, one target each; `make help` lists them.
# What a target needs it installs: the wasm target through rustup, zizmor from PyPI into target/lint, cargo-deny and
# cargo-cyclonedx from crates.io into target/tools, and bats, jq, shellcheck and python3 from the system's packages.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

TARGET := wasm32-wasip1
MODULE := target/$(TARGET)/release/mutatingflow.wasm
POLICY_HOST := host/target/debug/policy-host
POLICY_BENCH := host/target/debug/policy-bench
SAMPLE_CLUSTER := host/target/debug/sample-cluster
POLICY_PICTURE := host/target/debug/policy-picture
GUESTS := host/guests/target/$(TARGET)/release/examples
REFERENCE_GUESTS := $(GUESTS)/scan.wasm $(GUESTS)/typed.wasm $(GUESTS)/typed_all.wasm
KWCTL ?= $(shell command -v kwctl || echo $(POLICY_HOST))
export KWCTL
# What must be built before $(KWCTL) is run: nothing, where kwctl is installed.
KWCTL_BUILT := $(filter $(POLICY_HOST),$(KWCTL))
ZIZMOR := target/lint/bin/zizmor
CARGO_DENY := target/tools/bin/cargo-deny
CARGO_CYCLONEDX := target/tools/bin/cargo-cyclonedx
CARGO_MUTANTS := target/tools/bin/cargo-mutants

SOURCES := $(shell find src -name '*.rs') Cargo.toml Cargo.lock rust-toolchain.toml .cargo/config.toml
HOST_SOURCES := $(shell find host/src -name '*.rs') host/Cargo.toml host/Cargo.lock \
	test_data/settings.yaml test_data/cluster/older.yaml test_data/nais/settings.yaml

say = @printf '\n\033[1m== %s\033[0m\n' "$(1)"

.PHONY: help
help: ## This list
	@grep -hE '^[a-z0-9. -]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

.PHONY: run
# policy-host makes the request of the object itself, and shows a diff. kwctl needs the request, and answers with a patch.
ifdef KWCTL_BUILT
show = @$(KWCTL) run --object test_data/$(1).yaml --settings-path test_data/settings.yaml --diff annotated-policy.wasm
else
run: jq
show = @$(KWCTL) run --request-path test_data/requests/$(2).json --settings-path test_data/settings.yaml \
	annotated-policy.wasm | jq --compact-output '.patch | @base64d | fromjson | .[]'
endif
run: annotated-policy.wasm $(KWCTL_BUILT) ## Show what the policy does to a Notebook and to a pipeline pod
	$(call say,A Notebook as the Kubeflow web app creates it)
	$(call show,notebook,notebook-create)
	$(call say,A pod of Kubeflow Pipelines)
	$(call show,pipeline-pod,pod-create-pipeline)

.PHONY: policy-host
policy-host: annotated-policy.wasm $(POLICY_HOST) ## Build host/target/debug/policy-host, which checks settings and tries them out

.PHONY: test
test: tools lint ## Check everything: format, lints, docs, native tests, tests on the module, end-to-end tests
	$(call say,Native tests)
	cargo test --locked
	cd generate && cargo test --locked
	@$(MAKE) --no-print-directory host-tests e2e-tests
	@printf '\n\033[1mEverything passed.\033[0m\n'

.PHONY: quick
quick: jq ## Check format and lints of the policy, and run the native tests: what to run after each change
	cargo fmt --check
	cargo clippy --locked --all-targets -- --deny warnings
	cargo test --locked

.PHONY: host-tests
host-tests: jq annotated-policy.wasm $(REFERENCE_GUESTS) ## Run the tests on the real module in a real waPC host
	$(call say,Tests on the module)
	cd host && cargo test --locked

.PHONY: compare
compare: HISTORIES ?= 100000
compare: other-module annotated-policy.wasm ## Compare the module with another build in all its tests: OLD=other.wasm, HISTORIES=100000
	cd host && COMPARE_WITH=$(abspath $(OLD)) HISTORIES=$(HISTORIES) cargo test --locked --test contract

.PHONY: other-module
other-module:
	@test -f "$(OLD)" || { echo "OLD must name the module to compare with" >&2; exit 1; }

.PHONY: e2e-tests
e2e-tests: tools annotated-policy.wasm $(KWCTL_BUILT) ## Run e2e.bats with kwctl, or with policy-host where there is none
	$(call say,End-to-end tests with $(notdir $(KWCTL)))
	bats --print-output-on-failure e2e.bats

.PHONY: cluster-tests
cluster-tests: tools annotated-policy.wasm ## Run tests/cluster in the cluster of kind that kubectl points at
	tests/cluster/up.sh
	bats --print-output-on-failure tests/cluster/cluster.bats

.PHONY: bench
bench: $(MODULE) $(REFERENCE_GUESTS) $(POLICY_BENCH) ## Measure what an evaluation costs; docs/cost.json, docs/cost.svg and docs/cost.md show it
	$(call say,Cost of an evaluation)
	@$(POLICY_BENCH) run --exact docs/cost.json
	@$(POLICY_BENCH) chart docs/cost.json docs/cost.svg
	@$(POLICY_BENCH) page docs/cost.json docs/cost.md

.PHONY: load
load: EVALUATIONS ?= 1000000
load: THREADS ?= 2
load: annotated-policy.wasm $(POLICY_BENCH) ## Evaluate again and again, and what is far too large: EVALUATIONS=1000000, THREADS=2
	$(call say,Load)
	@$(POLICY_BENCH) load --policy $< --evaluations $(EVALUATIONS) --threads $(THREADS)
	$(call say,Payloads that are far too large)
	cd host && WHOLE=1 cargo test --locked --test hostile -- --nocapture far_too_large

.PHONY: sample-cluster
sample-cluster: target/cluster.yaml ## Write target/cluster.yaml: 400 notebooks and 200 pods to try things out on

target/cluster.yaml: annotated-policy.wasm $(SAMPLE_CLUSTER)
	$(SAMPLE_CLUSTER) --policy $< > $@

# What `policy-host` prints, drawn into a file.
drawn = $(POLICY_HOST) $(1) --color always | $(POLICY_PICTURE) $(2) 'policy-host $(1)' >

test_data/cluster/small.yaml: annotated-policy.wasm $(SAMPLE_CLUSTER) ## The part of it that the docs show
	$(SAMPLE_CLUSTER) --notebooks 9 --pods 3 --seed 3 --policy $< > $@

.PHONY: pictures
pictures: annotated-policy.wasm $(POLICY_HOST) $(POLICY_PICTURE) ## Draw what the docs show of a terminal: docs/diff.svg, docs/report.svg
	@$(call drawn,run --object test_data/notebook.yaml --settings-path test_data/settings.yaml --diff $<) docs/diff.svg
	@$(call drawn,report --settings-path test_data/cluster/new.yaml --from test_data/settings.yaml test_data/cluster/small.yaml,--columns 190) docs/report.svg

policy.wasm: $(MODULE) ## Build the policy
	cp $< $@

annotated-policy.wasm: policy.wasm metadata.yml docs/usage.md $(KWCTL_BUILT) ## Build the policy with its metadata, as it is published
	@rm -f $@
	$(KWCTL) annotate --metadata-path metadata.yml --usage-path docs/usage.md --output-path $@ policy.wasm

# A panic would say where its code is: that of crates below cargo's home, that of the standard library wherever its
# source is installed, if it is. In the module they are where GitHub's runner has them that builds the release, so that
# whoever builds it, wherever, gets the same bytes.
SAME_PATHS = '--remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/home/runner/.cargo', \
	'--remap-path-prefix=$(shell rustc --print sysroot)/lib/rustlib/src/rust=/rustc/$(shell rustc -vV | sed -n 's/^commit-hash: //p')'

$(MODULE): $(SOURCES) Makefile | wasm-target
	cargo build --locked --release --target $(TARGET) --config "target.$(TARGET).rustflags = [$(SAME_PATHS)]"
	@touch $@

$(POLICY_HOST) $(POLICY_BENCH) $(SAMPLE_CLUSTER) $(POLICY_PICTURE): $(HOST_SOURCES)
	cd host && cargo build --locked --bin $(@F)
	@touch $@

$(GUESTS)/%.wasm: host/guests/examples/%.rs host/guests/examples/style/mod.rs host/guests/Cargo.toml host/guests/Cargo.lock | wasm-target
	@# Empty, so that .cargo/config.toml does not apply: what the policy does for its size must not move the unit.
	cd host/guests && RUSTFLAGS= cargo build --locked --release --target $(TARGET) --example $*
	@touch $@

# What cargo-fuzz sets, without the nightly compiler that it asks for: the fuzzer sees which code an input reaches.
COVERAGE := -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Ccodegen-units=1 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
HOST_TRIPLE = $(shell rustc -vV | sed -n 's/^host: //p')
FUZZERS = fuzz/target/$(HOST_TRIPLE)/release
FUZZ_TARGETS := validate structured settings settings_structured json
# Both of a pair are given the same documents.
fuzz_corpus = $(patsubst settings_structured,settings,$(patsubst structured,validate,$(1)))
# The first folder is where what is new goes, the others are what there is to begin with.
fuzz_folders = fuzz/corpus/$(call fuzz_corpus,$(1)) fuzz/seeds/$(call fuzz_corpus,$(1)) \
	fuzz/target/begin/$(call fuzz_corpus,$(1))

.PHONY: fuzz
# As many inputs as fit into the time, and others each time, if nothing else is asked for.
fuzz: SECONDS ?= 60
fuzz: RUNS ?= -1
fuzz: SEED ?= 0
fuzz: fuzzers ## Try made-up requests, settings and JSON on the pure core: SECONDS=60 for each of five targets
	@$(foreach target,$(FUZZ_TARGETS),printf '\n\033[1m== %s\033[0m\n' $(target); \
		$(FUZZERS)/$(target) -max_total_time=$(SECONDS) -runs=$(RUNS) -seed=$(SEED) -max_len=30000 -timeout=20 \
			-dict=fuzz/target/begin/json.dict -artifact_prefix=fuzz/ -print_final_stats=1 \
			$(call fuzz_folders,$(target));)

.PHONY: fuzzers
fuzzers:
	cd fuzz && RUSTFLAGS='$(COVERAGE)' cargo build --locked --release --target $(HOST_TRIPLE) $(FUZZ_TARGETS:%=--bin %)
	cd fuzz && cargo run --locked --no-default-features --bin begin target/begin
	@mkdir -p $(foreach target,$(FUZZ_TARGETS),fuzz/corpus/$(call fuzz_corpus,$(target)))

.PHONY: reproducible
reproducible: policy.wasm ## Build the module twice more, as somebody else and somewhere else, and see that it is the same
	$(call say,The module built elsewhere)
	@.github/reproducible.sh

.PHONY: deny
deny: CHECKS ?= advisories bans licenses sources
deny: $(CARGO_DENY) ## Check the crates of all workspaces: CHECKS="bans licenses sources" where GitHub's advisories are not reached
	$(call say,Crates)
	@for lock in $$(git ls-files Cargo.lock '*/Cargo.lock'); do \
		echo "$$lock"; \
		$(CARGO_DENY) --manifest-path "$${lock%.lock}.toml" --all-features --locked check $(CHECKS); \
	done

.PHONY: sbom
sbom: $(CARGO_CYCLONEDX) ## Write target/mutatingflow.cdx.json: the crates that the module is built from, as CycloneDX
	@SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(CARGO_CYCLONEDX) cyclonedx --quiet --format json --spec-version 1.5 \
		--target $(TARGET) --no-build-deps --override-filename mutatingflow.cdx
	@mv mutatingflow.cdx.json target/

.PHONY: mutants
# libtest stops at the first test that fails with an option that is not stable, which the stable compiler takes like this.
mutants: export RUSTC_BOOTSTRAP := 1
mutants: export CARGO_PROFILE_TEST_DEBUG := false
# Each is compiled for its own, and mostly fails one of the first tests.
mutants: export CARGO_PROFILE_TEST_OPT_LEVEL := 0
mutants: $(CARGO_MUTANTS) ## Change the code in a few thousand places, one at a time, and see that a test fails: takes hours
	PATH="$(abspath $(<D)):$$PATH" cargo mutants --output target/mutants --jobs $${JOBS:-1} $(ONLY) \
		-- -- -Z unstable-options --fail-fast

# renovate: datasource=crate depName=cargo-deny
$(CARGO_DENY): VERSION=0.20.2
# renovate: datasource=crate depName=cargo-cyclonedx
$(CARGO_CYCLONEDX): VERSION=0.5.9
# renovate: datasource=crate depName=cargo-mutants
$(CARGO_MUTANTS): VERSION=27.1.0
$(CARGO_DENY) $(CARGO_CYCLONEDX) $(CARGO_MUTANTS):
	cargo install --locked --root target/tools $(@F)@$(VERSION)

.PHONY: generate
generate: ## Make what is made from something else: table of Kubernetes' types, the schema and the reference of the settings
	cd generate && cargo run --locked
	@# The schema and the reference are made from the table as it was compiled. If it changed, this compiles it anew.
	cd generate && cargo run --locked

# Whose project this is stands in metadata.yml. What else names the owner or the address of the maintainers follows it.
OWNER_NOW = $(shell sed -n 's|.*policy.source: https://github.com/\(.*\)/.*|\1|p' metadata.yml)
EMAIL_NOW = $(shell sed -n 's|.*policy.author: .*<\(.*\)>|\1|p' metadata.yml)
# One in the environment is somebody's own.
ifneq ($(origin EMAIL),command line)
EMAIL = $(OWNER)@users.noreply.github.com
endif
# The files of the project in which a pattern occurs, as a list that ends in NUL.
with = git grep -lIizE '$(1)'
# What is given on the command line is in the environment, and read there: a shell would run what is in it.
owner: export EMAIL := $(EMAIL)
owner: export OWNER_NOW := $(OWNER_NOW)
owner: export EMAIL_NOW := $(EMAIL_NOW)

.PHONY: owner
owner: ## Make it yours: OWNER=acme, as GitHub knows it, and EMAIL=platform@acme.com where there is one
	@[[ "$$OWNER" =~ ^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$$ ]] || { echo "OWNER must be a name on GitHub" >&2; exit 1; }
	@[[ "$$EMAIL" =~ ^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$$ ]] || { echo "EMAIL must be an address" >&2; exit 1; }
	@$(call with,$(OWNER_NOW)/|owner: $(OWNER_NOW)|$(subst +,[+],$(subst .,[.],$(EMAIL_NOW)))) | xargs -0 perl -pi \
		-e 's#(github\.com|githubusercontent\.com)/\Q$$ENV{OWNER_NOW}\E/mutatingflow\b#$$1/$$ENV{OWNER}/mutatingflow#g unless /\[navikt/;' \
		-e 's#ghcr\.io/\Q$$ENV{OWNER_NOW}\E/policies/mutatingflow#"ghcr.io/" . lc($$ENV{OWNER}) . "/policies/mutatingflow"#gie;' \
		-e 's#(^|\s)@\Q$$ENV{OWNER_NOW}\E/#$$1\@$$ENV{OWNER}/#g;' \
		-e 's#^(\s*owner:) \Q$$ENV{OWNER_NOW}\E$$#$$1 $$ENV{OWNER}#g;' \
		-e 's#\Q$$ENV{EMAIL_NOW}\E#$$ENV{EMAIL}#g;'
	@echo "This project is $$OWNER's now. Its module is in the registry once the first release is out."

# As semantic versioning has it, with the words that Kubewarden's release knows for a pre-release.
SEMVER := (0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-(alpha|beta|rc)(\.(0|[1-9][0-9]*)|[0-9]*))?

.PHONY: version
version: ## Write the version of a release wherever it stands: VERSION=0.2.0
	@[[ "$$VERSION" =~ ^$(SEMVER)$$ ]] || { echo "VERSION must be one, like 0.2.0 or 0.2.0-rc.1" >&2; exit 1; }
	@perl -pi -e 's/^version = ".*"/version = "$$ENV{VERSION}"/' Cargo.toml host/Cargo.toml
	@perl -pi -e 's/(policy\.version:) .*/$$1 $$ENV{VERSION}/' metadata.yml
	@perl -pi -e "s/^createdAt: .*/createdAt: $$(date -u +%Y-%m-%dT%H:%M:%SZ)/" generate/listing.yaml
	@$(call with,policies/mutatingflow:v[0-9]) | xargs -0 perl -pi \
		-e 's#(policies/mutatingflow:v)\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?#$$1$$ENV{VERSION}#g'
	@for workspace in . generate fuzz host; do (cd $$workspace && cargo update --quiet --workspace); done
	@$(MAKE) --no-print-directory generate

.PHONY: listing-check
listing-check: ## Compare artifacthub-pkg.yml with what the installed kwctl makes of the project
	@made=$$(mktemp); trap 'rm -f "$$made"' EXIT; \
	kwctl scaffold artifacthub --output "$$made"; \
	diff <(grep --invert-match --regexp='^#' --regexp='^createdAt:' "$$made") \
		<(sed '/^category:/,$$d' artifacthub-pkg.yml | grep --invert-match --regexp='^#' --regexp='^createdAt:') && \
		echo "artifacthub-pkg.yml is what kwctl makes, and more."

.PHONY: newest
newest: ## What Kubewarden's workflow runs, on the newest stable compiler
	rustup toolchain install stable --profile minimal --component clippy,rustfmt --target $(TARGET)
	cargo +stable check --workspace --locked
	cargo +stable test --workspace --locked
	cargo +stable fmt --all -- --check
	cargo +stable clippy --workspace --locked -- -D warnings

.PHONY: fmt
fmt: ## Format all code
	cargo fmt
	cd host && cargo fmt
	cd host/guests && cargo fmt
	cd fuzz && cargo fmt
	cd generate && cargo fmt

.PHONY: lint
lint: wasm-target shellcheck $(ZIZMOR) ## Check format, clippy, docs, workflows, scripts and generated files, warnings denied
	$(call say,Format)
	cargo fmt --check
	cd host && cargo fmt --check
	cd host/guests && cargo fmt --check
	cd fuzz && cargo fmt --check
	cd generate && cargo fmt --check
	$(call say,Clippy)
	cargo clippy --locked --all-targets -- --deny warnings
	cargo clippy --locked --target $(TARGET) -- --deny warnings
	cd host && cargo clippy --locked --all-targets -- --deny warnings
	cd fuzz && cargo clippy --locked --no-default-features -- --deny warnings
	cd generate && cargo clippy --locked --all-targets -- --deny warnings
	$(call say,Documentation)
	RUSTDOCFLAGS='--deny warnings' cargo doc --locked --no-deps
	RUSTDOCFLAGS='--deny warnings' cargo doc --locked --no-deps --document-private-items
	cd host && RUSTDOCFLAGS='--deny warnings' cargo doc --locked --no-deps
	cd generate && RUSTDOCFLAGS='--deny warnings' cargo doc --locked --no-deps
	$(call say,What is made from something else)
	cd generate && cargo run --locked -- --check
	$(call say,Workflows)
	$(ZIZMOR) --offline --no-progress --persona auditor --strict-collection .
	$(call say,Scripts)
	shellcheck --severity warning .ci/run .github/*.sh deploy/tools/*.sh tests/cluster/*.sh
	@# A test of bats ends at the first command that fails, so `cd` needs no `|| exit`; `run` sets `stderr`.
	shellcheck --severity warning --exclude SC2154,SC2164 e2e.bats tests/cluster/*.bats

$(ZIZMOR): .github/requirements.txt | python3
	@rm -rf target/lint
	python3 -m venv target/lint
	target/lint/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --requirement $<
	@touch $@

.PHONY: release-check
release-check: ## Refuse a tag that cannot be released: TAG=v0.1.0
	@.github/release-check.sh

.PHONY: wasm-target
wasm-target:
	@test -d "$$(rustc --print target-libdir --target $(TARGET))" || rustup target add $(TARGET)

.PHONY: tools bats jq shellcheck python3
tools: bats jq
# Debian's python3 can make a virtual environment only with a package of its own.
bats jq shellcheck: is_there = command -v $@
bats jq shellcheck: package = $@
python3: is_there = $@ -c 'import ensurepip, venv'
python3: package = python3-venv
bats jq shellcheck python3:
	@if ! $(is_there) > /dev/null 2>&1; then \
		if ! command -v apt-get > /dev/null; then echo "please install $(package)" >&2; exit 1; fi; \
		echo "installing $(package) with apt-get"; \
		as_root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
		$$as_root apt-get update -qq && $$as_root apt-get install -y -qq $(package) > /dev/null; \
	fi

.PHONY: clean
clean: ## Remove what was built
	cargo clean
	cd host && cargo clean
	cd host/guests && cargo clean
	cd fuzz && cargo clean
	cd generate && cargo clean
	rm -f policy.wasm annotated-policy.wasm
