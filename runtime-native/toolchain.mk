# Finds the compiler and the tools of the same LLVM version beside it.
ifeq ($(origin CLANG),undefined)
CLANG := $(firstword $(foreach v,19 18 17 16 15 14,$(if $(shell command -v clang-$(v)),clang-$(v))) clang)
endif
# "clang-19" -> "-19"; a plain "clang" goes with plain tools.
LLVM_SUFFIX := $(patsubst clang%,%,$(notdir $(CLANG)))
LLVM_AR ?= llvm-ar$(LLVM_SUFFIX)
LLVM_LINK ?= llvm-link$(LLVM_SUFFIX)
LLVM_OBJCOPY ?= llvm-objcopy$(LLVM_SUFFIX)
LD_LLD ?= $(firstword $(foreach v,$(LLVM_SUFFIX) -19 -18 -17 -16 -15 -14,$(if $(shell command -v ld.lld$(v)),ld.lld$(v))) ld.lld)
