# Tests of the runtime. `*_test.c` is freestanding and runs on every target; `*_hosted_test.c` uses the
# C library and runs natively.
include toolchain.mk

HOST_MACHINE := $(shell uname -m)
HOST := $(patsubst x86_64,x86-64,$(patsubst aarch64,arm64,$(HOST_MACHINE)))
HOSTED_SOURCES := $(sort $(wildcard test/*_hosted_test.c))
SOURCES := $(filter-out $(HOSTED_SOURCES),$(sort $(wildcard test/*_test.c)))

.PHONY: test bench
test: $(foreach t,$(TARGETS),test-$(t)) test-hosted test-runner

define target_rules
include ../targets/$(1)/build.mk
TRIPLE_$(1) := $$(TRIPLE)
CFLAGS_$(1) := $$(TARGET_CFLAGS)
EMULATION_$(1) := $$(EMULATION)
QEMU_$(1) := $$(if $$(filter $(1),$(HOST)),,$$(QEMU))

build/$(1)/test/%: test/%.c test/check.h build/$(1)/libbpftime.a build/$(1)/start.o build/$(1)/freestanding.o
	@mkdir -p $$(@D)
	@$(CLANG) --target=$$(TRIPLE_$(1)) -std=c11 -O1 -ffreestanding -nostdlibinc -fno-stack-protector \
		-fno-strict-aliasing -Wall -Wextra -Wno-unused-function -I../targets/$(1) $$(CFLAGS_$(1)) -c $$< -o $$@.o
	@$(LD_LLD) -m $$(EMULATION_$(1)) -static $$@.o build/$(1)/start.o build/$(1)/freestanding.o \
		build/$(1)/libbpftime.a -o $$@

build/$(1)/test/sample_runner: test/sample_object.c build/$(1)/runner.o build/$(1)/libbpftime.a
	@mkdir -p $$(@D)
	@$(CLANG) --target=$$(TRIPLE_$(1)) -std=c11 -O2 -ffreestanding -nostdlibinc -fno-stack-protector -Wall -Wextra \
		$$(CFLAGS_$(1)) -c $$< -o $$@.o
	@$(LD_LLD) -m $$(EMULATION_$(1)) -static $$@.o build/$(1)/runner.o build/$(1)/libbpftime.a -o $$@

.PHONY: test-$(1) test-runner-$(1)
test-runner-$(1): build/$(1)/test/sample_runner build/runner_driver
	@if [ -n "$$(QEMU_$(1))" ] && ! command -v "$$(QEMU_$(1))" >/dev/null; then \
		echo "skip: $$(QEMU_$(1)) is not installed: runner of $(1)"; exit 0; fi; \
	printf '  TEST  %s ' $$<; build/runner_driver $$(QEMU_$(1)) $$<

test-$(1): $$(SOURCES:test/%.c=build/$(1)/test/%)
	@if [ -n "$$(QEMU_$(1))" ] && ! command -v "$$(QEMU_$(1))" >/dev/null; then \
		echo "skip: $$(QEMU_$(1)) is not installed: tests of $(1)"; exit 0; fi; \
	for test in $$^; do \
		printf '  TEST  %s ' "$$$$test"; $$(QEMU_$(1)) $$$$test || exit 1; done
endef
$(foreach t,$(TARGETS),$(eval $(call target_rules,$(t))))

HOSTED_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Wno-unused-function -pthread -I../targets/$(HOST)

build/$(HOST)/test/%_hosted_test: test/%_hosted_test.c test/check.h build/$(HOST)/libbpftime.a
	@mkdir -p $(@D)
	@$(CLANG) $(HOSTED_CFLAGS) $< build/$(HOST)/libbpftime.a -o $@

ifeq ($(filter $(HOST),$(TARGETS)),)
test-hosted:
	@echo "skip: this machine ($(HOST_MACHINE)) is not among the targets: hosted tests"
else
test-hosted: $(HOSTED_SOURCES:test/%.c=build/$(HOST)/test/%)
	@for test in $^; do printf '  TEST  %s ' "$$test"; $$test || exit 1; done
endif

.PHONY: test-runner
test-runner: $(foreach t,$(TARGETS),test-runner-$(t))

build/runner_driver: test/runner_driver.c
	@$(CLANG) -std=gnu11 -O1 -Wall -Wextra $< -o $@

build/map_bench: test/map_bench.c build/$(HOST)/libbpftime.a
	@$(CLANG) -std=gnu11 -O2 -Wall -Wextra -fno-strict-aliasing -I../targets/$(HOST) $^ -o $@

bench: build/map_bench
	@build/map_bench
