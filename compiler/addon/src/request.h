// What the compiler asks of the code generator, checked and typed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/JSON.h"

namespace bpftime {

enum class Output { object, assembly, llvmIr, bitcode };

// One bitcode module. The first of a request is the program; the others are runtimes, of which only
// what the program needs is linked in.
struct ModuleInput {
  std::string name;
  llvm::StringRef bitcode;
};

struct AliasPlan {
  std::string alias;
  std::string target;
};

struct AttributePlan {
  std::string function;
  // -1 the function itself, 0 its return value, n its parameter n.
  int64_t position = 0;
  std::string name;
  int64_t value = -1;
};

struct GlobalPlan {
  std::string symbol;
  int64_t alignment = 0;
  std::string section;
  bool retain = false;
};

// What the IR builder of the compiler could not express (LinkagePlan in TypeScript).
struct Plan {
  std::vector<AliasPlan> aliases;
  std::vector<std::string> vectorFunctions;
  std::vector<AttributePlan> attributes;
  std::vector<std::string> hidden;
  std::vector<GlobalPlan> globals;
};

struct Request {
  std::vector<ModuleInput> modules;
  Plan plan;
  std::string triple;
  std::string cpu;
  std::string features;
  std::string generalRegisterFeatures;
  std::string abi;
  int64_t level = 2;
  Output output = Output::object;
};

// Reads the JSON text of a request; false with a message when it has another shape.
bool parseRequest(llvm::StringRef text, Request &request, std::string &error);

} // namespace bpftime
