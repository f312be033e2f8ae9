// The runtime's hot operations exist as bitcode, so that they inline into programs.
#pragma once

#include <string>
#include <vector>

#include "llvm/IR/Module.h"
#include "request.h"

namespace bpftime {

// Links those functions of a runtime into the program that it needs, as its own private ones.
// Function bodies that nobody needs are not even read.
bool linkRuntime(llvm::Module &program, const ModuleInput &runtime,
                 std::vector<std::string> &warnings, std::string &error);

// Copies and fills that are too long for a few stores call the runtime's functions for them, except
// in functions that may use vectors: the C library's use vector registers, and may carry a probe.
void callRuntimeForMemory(llvm::Module &module, const Plan &plan);

} // namespace bpftime
