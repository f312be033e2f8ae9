# Builds the runtime for one target: make -f target.mk TARGET=riscv64
include toolchain.mk
include ../targets/$(TARGET)/build.mk

OUT := build/$(TARGET)

# Freestanding: headers of the compiler itself and nothing else. Paths in the command are relative, so
# the output does not depend on where the sources are.
CFLAGS := --target=$(TRIPLE) -std=c11 -O2 -ffreestanding -nostdlibinc -fPIC -fvisibility=hidden \
	-fno-stack-protector -fno-strict-aliasing -Wall -Wextra -I../targets/$(TARGET) $(TARGET_CFLAGS)
# Not optimised yet, so that sizes become constants first. Not marked freestanding: functions that may
# not know memcpy cannot be inlined into ones that may.
BITCODE_CFLAGS := $(patsubst -O2,-O1,$(filter-out -ffreestanding,$(CFLAGS))) -Xclang -disable-llvm-passes \
	-emit-llvm -fno-asynchronous-unwind-tables -fno-ident

# The compiler calls these by itself. In the library they get names of their own, so that linking it
# never replaces a host's functions; static executables without a libc get freestanding.o.
MEMORY_FUNCTIONS := memcpy memmove memset memcmp
RENAME := $(foreach f,$(MEMORY_FUNCTIONS),--redefine-sym $(f)=bpftime_$(f))

LIBRARY_SOURCES := $(sort $(wildcard core/*.c maps/*.c helpers/*.c))
LIBRARY_OBJECTS := $(foreach s,$(LIBRARY_SOURCES),$(OUT)/library/$(subst /,-,$(s:.c=.o)))
INLINE_SOURCES := $(sort $(wildcard inline/*.c))
INLINE_BITCODE := $(foreach s,$(INLINE_SOURCES),$(OUT)/inline/$(notdir $(s:.c=.bc)))

MAKEFILES := target.mk toolchain.mk ../targets/$(TARGET)/build.mk

.PHONY: all
all: $(OUT)/libbpftime.a $(OUT)/runner.o $(OUT)/freestanding.o $(OUT)/inline.bc

# One rule a source, because members of the library carry their folder in the name.
define library_rule
$(OUT)/library/$(subst /,-,$(1:.c=.o)): $(1) $(MAKEFILES) | $(OUT)/library
	@echo "  CC    $(TARGET) $(1)"
	@$(CLANG) $(CFLAGS) -MMD -MP -MF $$(@:.o=.d) -MT $$@ -c $(1) -o $$@.plain.o
	@$(LLVM_OBJCOPY) $(RENAME) $$@.plain.o $$@
endef
$(foreach s,$(LIBRARY_SOURCES),$(eval $(call library_rule,$(s))))

# Made anew each time, as a source may have gone; D: no times, no owners.
$(OUT)/libbpftime.a: $(LIBRARY_OBJECTS)
	@echo "  AR    $@"
	@rm -f $@.new
	@$(LLVM_AR) rcsD $@.new $(LIBRARY_OBJECTS)
	@mv $@.new $@

$(OUT)/freestanding.o: $(OUT)/library/core-string.o
	@cp $(OUT)/library/core-string.o.plain.o $@

$(OUT)/start.o: ../targets/$(TARGET)/start.S $(MAKEFILES) | $(OUT)/library
	@echo "  AS    $(TARGET) start.S"
	@$(CLANG) $(CFLAGS) -Wno-unused-command-line-argument -c $< -o $@

$(OUT)/runner-main.o: runner/runner.c $(MAKEFILES) | $(OUT)/library
	@echo "  CC    $(TARGET) $<"
	@$(CLANG) $(CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(OUT)/runner.o: $(OUT)/start.o $(OUT)/runner-main.o $(OUT)/freestanding.o
	@echo "  LD    $@"
	@$(LD_LLD) -m $(EMULATION) -r $^ -o $@

$(OUT)/inline/%.bc: inline/%.c $(MAKEFILES) | $(OUT)/inline
	@echo "  BC    $(TARGET) $<"
	@$(CLANG) $(BITCODE_CFLAGS) -MMD -MP -MF $(@:.bc=.d) -MT $@ -c $< -o $@

$(OUT)/inline.bc: $(INLINE_BITCODE)
	@echo "  LINK  $@"
	@$(LLVM_LINK) $^ -o $@.new
	@mv $@.new $@

$(OUT)/library $(OUT)/inline:
	@mkdir -p $@

-include $(wildcard $(OUT)/library/*.d $(OUT)/inline/*.d $(OUT)/*.d)
