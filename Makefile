# Every task of the repository, as a target. `make help` lists them.
#
# The setup script may put its own Node below .node/ when the system's is missing or too old.
export PATH := $(CURDIR)/.node/bin:$(PATH)
NODE_HEADERS := $(shell d=$$(dirname "$$(dirname "$$(readlink -f "$$(command -v node)")" 2>/dev/null)"); [ -e "$$d/include/node/node_api.h" ] && echo "$$d")
ifneq ($(NODE_HEADERS),)
export npm_config_nodedir := $(NODE_HEADERS)
endif

SOURCES := $(shell find compiler/src compiler/fuzz bench targets runtime-native/helpers/helpers.def \
	\( -path bench/build -o -path bench/results \) -prune -o \( -name '*.ts' -o -name '*.def' -o -name '*.json' \) -print 2>/dev/null) \
	$(wildcard compiler/scripts/*)
ADDON := compiler/addon/build/Release/bpftime.node
BUNDLE := compiler/dist/bin/start.cjs

.DEFAULT_GOAL := help
.PHONY: help setup setup-test build addon native demo test lint fmt fixtures bless fuzz attack bench doctor dist install clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  \1\t\2/' | expand -t 16

setup: ## install what building needs (Debian and Ubuntu; safe to repeat)
	@sh compiler/scripts/setup.sh build

setup-test:
	@sh compiler/scripts/setup.sh test

build: setup ## build the compiler, the LLVM addon and the runtime for all targets
	@$(MAKE) --no-print-directory addon native $(BUNDLE)

addon: $(ADDON)

$(ADDON): $(wildcard compiler/addon/src/* compiler/addon/binding.gyp compiler/addon/*.mjs)
	@node compiler/addon/build.mjs

native:
	@$(MAKE) --no-print-directory -C runtime-native

$(BUNDLE): $(SOURCES) compiler/scripts/bundle.mjs package-lock.json
	@node compiler/scripts/bundle.mjs bin

demo: build ## compile a BPF object for three CPUs and run it on each
	@sh compiler/scripts/demo.sh

test: setup-test build ## lint, type check and run every test
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory -C runtime-native test
	@node compiler/scripts/test.mjs

lint: ## check types, style, formatting and the direction of imports
	@node_modules/.bin/tsc -p .
	@node_modules/.bin/biome check --error-on-warnings
	@node compiler/scripts/imports.mjs

fmt: ## format the TypeScript sources
	@node_modules/.bin/biome check --write

fixtures: build ## compile the BPF fixtures again (needs clang 14 and 19)
	@$(MAKE) --no-print-directory -C fixtures

bless: build ## rewrite golden files, pages and messages from what the compiler writes now
	@BLESS=1 node compiler/scripts/test.mjs golden proof-explain

fuzz: build ## hostile objects for the compiler and the proof, FUZZ_COUNT cases each (default 100000)
	@node compiler/dist/bin/fuzz.mjs
	@node compiler/dist/bin/proof.mjs

attack: build ## random programs that the proof accepts must not fault (FUZZ_COUNT of them)
	@node compiler/dist/bin/attack.mjs

bench: build ## measure generated code and build times; results go to bench/results
	@node compiler/dist/bin/bench.mjs

doctor: ## say what is missing and how to install it
	@if [ -e $(BUNDLE) ]; then compiler/bin/bpftime-aot doctor; else echo "not built yet: run 'make build'"; fi

dist: build ## pack an archive that installs without compiling
	@sh compiler/scripts/dist.sh

install: build ## install below PREFIX (default /usr/local)
	@sh compiler/scripts/install.sh "$(or $(PREFIX),/usr/local)"

clean: ## remove what building made (not node_modules)
	@rm -rf compiler/dist compiler/addon/build bench/build fixtures/build dist
	@$(MAKE) --no-print-directory -C runtime-native clean
