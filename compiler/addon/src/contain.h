// LLVM ends the process when something is badly wrong. A compiler inside a Node process must not:
// work runs on a thread of its own, with a stack deep enough for LLVM's recursions, and a fatal
// error or a crash there becomes a message.
#pragma once

#include <string>

#include "llvm/ADT/STLExtras.h"

namespace bpftime {

// Runs `work`; false with a message when it ended in a fatal error or a crash. What LLVM had
// allocated is then lost: a later call starts from nothing, so that is a leak, not a danger.
bool runContained(llvm::function_ref<void()> work, std::string &error);

} // namespace bpftime
