#include "target.h"

#include <algorithm>

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#if LLVM_VERSION_MAJOR >= 17
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#else
#include "llvm/ADT/Triple.h"
#include "llvm/Support/Host.h"
#endif

using namespace llvm;

namespace bpftime {

// Only the CPU that is asked for: each takes a noticeable part of a millisecond.
static void initialize(Triple::ArchType arch) {
  switch (arch) {
  case Triple::x86_64:
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
    break;
  case Triple::aarch64:
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
    LLVMInitializeAArch64AsmParser();
    break;
  default:
    LLVMInitializeRISCVTargetInfo();
    LLVMInitializeRISCVTarget();
    LLVMInitializeRISCVTargetMC();
    LLVMInitializeRISCVAsmPrinter();
    LLVMInitializeRISCVAsmParser();
    break;
  }
}

const Target *findTarget(StringRef triple, std::string &error) {
  Triple parsed(triple);
  Triple::ArchType arch = parsed.getArch();
  if ((arch != Triple::x86_64 && arch != Triple::aarch64 && arch != Triple::riscv64) ||
      !parsed.isOSBinFormatELF()) {
    error = "no code generator for '" + triple.str() + "'";
    return nullptr;
  }
  initialize(arch);
  return TargetRegistry::lookupTarget(triple.str(), error);
}

// MCSubtargetInfo has had tables of names all along, but only newer LLVM hands them out. An explicit
// instantiation may name private members: that gets at them in every version.
template <auto Cpus, auto Features> struct Tables {
  friend ArrayRef<SubtargetSubTypeKV> cpuTable(const MCSubtargetInfo &info) { return info.*Cpus; }
  friend ArrayRef<SubtargetFeatureKV> featureTable(const MCSubtargetInfo &info) {
    return info.*Features;
  }
};
ArrayRef<SubtargetSubTypeKV> cpuTable(const MCSubtargetInfo &info);
ArrayRef<SubtargetFeatureKV> featureTable(const MCSubtargetInfo &info);
template struct Tables<&MCSubtargetInfo::ProcDesc, &MCSubtargetInfo::ProcFeatures>;

static std::unique_ptr<MCSubtargetInfo> subtarget(StringRef triple, StringRef cpu,
                                                  StringRef features, std::string &error) {
  const Target *target = findTarget(triple, error);
  if (!target) return nullptr;
  return std::unique_ptr<MCSubtargetInfo>(target->createMCSubtargetInfo(triple, cpu, features));
}

bool listNames(StringRef triple, TargetNames &names, std::string &error) {
  auto info = subtarget(triple, "", "", error);
  if (!info) return false;
  // Both tables are sorted.
  for (const auto &entry : cpuTable(*info)) names.cpus.push_back(entry.Key);
  for (const auto &entry : featureTable(*info)) names.features.push_back(entry.Key);
  return true;
}

bool checkCpu(StringRef triple, StringRef cpu, StringRef features, StringRef abi,
              std::string &error) {
  auto info = subtarget(triple, "", "", error);
  if (!info) return false;
  if (!info->isCPUStringValid(cpu)) {
    error = "unknown CPU '" + cpu.str() + "'";
    return false;
  }
  ArrayRef<SubtargetFeatureKV> table = featureTable(*info);
  SmallVector<StringRef, 32> parts;
  features.split(parts, ',', -1, false);
  for (StringRef part : parts) {
    auto known = std::lower_bound(table.begin(), table.end(), part.drop_front());
    bool signedName = part.front() == '+' || part.front() == '-';
    if (!signedName || known == table.end() || part.drop_front() != known->Key) {
      error = "unknown feature '" + part.str() + "'";
      return false;
    }
  }
  info = subtarget(triple, cpu, features, error);
  Triple::ArchType arch = info->getTargetTriple().getArch();
  if (arch != Triple::aarch64 && !info->checkFeatures("+64bit")) {
    error = "CPU '" + cpu.str() + "' with these features has no 64-bit mode";
    return false;
  }
  if (arch == Triple::riscv64 && abi == "lp64d" && !info->checkFeatures("+d")) {
    error = "the ABI lp64d needs feature 'd'";
    return false;
  }
  return true;
}

void describeHost(std::string &cpu, std::string &features) {
  cpu = sys::getHostCPUName().str();
  std::vector<std::string> list;
  auto add = [&](const StringMap<bool> &map) {
    for (const auto &entry : map)
      list.push_back((entry.getValue() ? "+" : "-") + entry.getKey().str());
  };
#if LLVM_VERSION_MAJOR >= 19
  add(sys::getHostCPUFeatures());
#else
  StringMap<bool> map;
  if (sys::getHostCPUFeatures(map)) add(map);
#endif
  // The map's order is that of a hash.
  std::sort(list.begin(), list.end());
  for (const std::string &feature : list) features += (features.empty() ? "" : ",") + feature;
}

#if LLVM_VERSION_MAJOR >= 18
using Level = CodeGenOptLevel;
#else
using Level = CodeGenOpt::Level;
#endif

std::unique_ptr<TargetMachine> makeMachine(StringRef triple, StringRef cpu, StringRef features,
                                           StringRef abi, int level, std::string &error) {
  const Target *target = findTarget(triple, error);
  if (!target) return nullptr;
  TargetOptions options;
  options.FunctionSections = true;
  options.DataSections = true;
  // A loop that needs one more line of the instruction cache than it must ran at two thirds of the speed.
  if (level >= 2) options.LoopAlignment = 64;
  options.MCOptions.ABIName = abi.str();
  options.MCOptions.AsmVerbose = true;
  static_assert(static_cast<int>(Level::None) == 0 && static_cast<int>(Level::Aggressive) == 3,
                "levels are numbered as on the command line");
  std::unique_ptr<TargetMachine> machine(target->createTargetMachine(
      triple, cpu, features, options, Reloc::PIC_, CodeModel::Small, static_cast<Level>(level)));
  if (!machine) error = "no code generator for '" + triple.str() + "'";
  return machine;
}

} // namespace bpftime
