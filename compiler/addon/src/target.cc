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
#include "llvm/TargetParser/AArch64TargetParser.h"
#include "llvm/TargetParser/RISCVTargetParser.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/TargetParser/X86TargetParser.h"
#else
#include "llvm/ADT/Triple.h"
#include "llvm/Support/Host.h"
#include "llvm/Support/AArch64TargetParser.h"
#include "llvm/Support/TargetParser.h"
#include "llvm/Support/X86TargetParser.h"
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

// Whether MCSubtargetInfo hands out its tables (newer LLVM does).
template <typename Info>
static auto hasTables(int) -> decltype(std::declval<Info>().getAllProcessorFeatures(), true) {
  return true;
}
template <typename> static bool hasTables(long) { return false; }

template <typename Info>
static auto fillFromTables(const Info &info, TargetNames &names, int)
    -> decltype(info.getAllProcessorFeatures(), void()) {
  for (const auto &entry : info.getAllProcessorDescriptions()) names.cpus.push_back(entry.Key);
  for (const auto &entry : info.getAllProcessorFeatures()) names.features.push_back(entry.Key);
}

template <typename Info>
static void fillFromTables(const Info &info, TargetNames &names, long) {
  SmallVector<StringRef, 64> cpus;
  switch (info.getTargetTriple().getArch()) {
  case Triple::x86_64: X86::fillValidCPUArchList(cpus, true); break;
  case Triple::aarch64: AArch64::fillValidCPUArchList(cpus); break;
  default: RISCV::fillValidCPUArchList(cpus, true); break;
  }
  for (StringRef cpu : cpus)
    if (info.isCPUStringValid(cpu)) names.cpus.push_back(cpu.str());
  if (info.isCPUStringValid("generic")) names.cpus.push_back("generic");
}

static std::unique_ptr<MCSubtargetInfo> subtarget(StringRef triple, std::string &error) {
  const Target *target = findTarget(triple, error);
  if (!target) return nullptr;
  return std::unique_ptr<MCSubtargetInfo>(target->createMCSubtargetInfo(triple, "", ""));
}

bool listNames(StringRef triple, TargetNames &names, std::string &error) {
  auto info = subtarget(triple, error);
  if (!info) return false;
  fillFromTables(*info, names, 0);
  std::sort(names.cpus.begin(), names.cpus.end());
  names.cpus.erase(std::unique(names.cpus.begin(), names.cpus.end()), names.cpus.end());
  return true;
}

bool checkNames(StringRef triple, StringRef cpu, StringRef features, std::string &error) {
  auto info = subtarget(triple, error);
  if (!info) return false;
  if (!info->isCPUStringValid(cpu)) {
    error = "unknown CPU '" + cpu.str() + "'";
    return false;
  }
  TargetNames names;
  if (hasTables<MCSubtargetInfo>(0)) fillFromTables(*info, names, 0);
  SmallVector<StringRef, 32> parts;
  features.split(parts, ',', -1, false);
  for (StringRef part : parts) {
    StringRef name = part.drop_front();
    bool known = part.front() == '+' || part.front() == '-';
    if (known && hasTables<MCSubtargetInfo>(0)) {
      known = std::find(names.features.begin(), names.features.end(), name) != names.features.end();
    } else if (known) {
      // Without tables: a known feature is one that toggling changes.
      FeatureBitset before = info->getFeatureBits();
      known = info->ToggleFeature(name) != before;
      info->setFeatureBits(before);
    }
    if (!known) {
      error = "unknown feature '" + part.str() + "'";
      return false;
    }
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
