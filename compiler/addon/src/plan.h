// Linkage and attributes: from the plan that goes with a module to LLVM's own terms.
#pragma once

#include <string>

#include "llvm/IR/Module.h"
#include "request.h"

namespace bpftime {

// Applies the plan to the program's module; false with a message when it names what is not there.
bool applyPlan(llvm::Module &module, const Plan &plan, std::string &error);

// Gives every function the same CPU and features (general registers only, except the vector
// functions of the plan), so that they may inline into each other, and drops what another compiler
// left on them: unwind tables, stack protectors, frame pointers.
void setFunctionAttributes(llvm::Module &module, const Request &request);

// Accesses of the object's own definitions need no detour by the global offset table.
void bindDefinitionsLocally(llvm::Module &module);

// Exports variables as protected symbols. Code of the object reaches its variables directly, so a
// linker must not move them to an executable by a copy relocation: it then says so. The code itself
// uses names of the variables' own, because linkers refuse its accesses to protected symbols.
void protectVariables(llvm::Module &module);

} // namespace bpftime
