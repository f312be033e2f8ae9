// Bitcode in, machine code out.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "llvm/ADT/SmallVector.h"
#include "request.h"

namespace bpftime {

struct Result {
  llvm::SmallVector<char, 0> output;
  std::vector<std::string> warnings;
  // Milliseconds of each step, in order.
  std::vector<std::pair<const char *, double>> times;
};

// Parses, links, optimises and emits; false with a message.
bool compile(const Request &request, Result &result, std::string &error);

// The textual form of a bitcode module.
bool printModule(llvm::StringRef bitcode, std::string &text, std::string &error);

} // namespace bpftime
