// The three CPUs that are linked in, and the names of their models and features.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "llvm/ADT/StringRef.h"
#include "llvm/Target/TargetMachine.h"

namespace bpftime {

struct TargetNames {
  std::vector<std::string> cpus;
  std::vector<std::string> features;
};

// LLVM's target of a triple, made ready for use; null with a message when it is none of ours.
const llvm::Target *findTarget(llvm::StringRef triple, std::string &error);

// Every CPU model and feature LLVM knows for a triple.
bool listNames(llvm::StringRef triple, TargetNames &names, std::string &error);

// LLVM only warns about a wrong name, and ends the process for a CPU of 32 bits: what is asked for is
// checked first. An empty ABI is not looked at.
bool checkCpu(llvm::StringRef triple, llvm::StringRef cpu, llvm::StringRef features,
              llvm::StringRef abi, std::string &error);

// The CPU of this machine: its model, and "+a,-b" of every feature.
void describeHost(std::string &cpu, std::string &features);

// Code generator for position-independent code, each function and variable in its own section.
std::unique_ptr<llvm::TargetMachine> makeMachine(llvm::StringRef triple, llvm::StringRef cpu,
                                                 llvm::StringRef features, llvm::StringRef abi,
                                                 int level, std::string &error);

} // namespace bpftime
