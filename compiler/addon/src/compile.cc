#include "compile.h"

#include <chrono>
#include <memory>

#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/PassInstrumentation.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"
#include "plan.h"
#include "runtime.h"
#include "target.h"
#if LLVM_VERSION_MAJOR >= 17
#include "llvm/TargetParser/Triple.h"
#else
#include "llvm/ADT/Triple.h"
#endif

using namespace llvm;

namespace bpftime {

namespace {

// Keeps what LLVM says: the first error, and warnings.
struct Collector final : DiagnosticHandler {
  std::string &error;
  std::vector<std::string> &warnings;
  Collector(std::string &error, std::vector<std::string> &warnings)
      : error(error), warnings(warnings) {}
  bool handleDiagnostics(const DiagnosticInfo &info) override {
    std::string text;
    raw_string_ostream stream(text);
    DiagnosticPrinterRawOStream printer(stream);
    info.print(printer);
    stream.flush();
    if (info.getSeverity() == DS_Error && error.empty()) error = text;
    if (info.getSeverity() == DS_Warning) warnings.push_back(text);
    return true;
  }
};

class StepTimer {
public:
  explicit StepTimer(Result &result) : result(result) {}
  void finish(const char *step) {
    auto now = std::chrono::steady_clock::now();
    result.times.emplace_back(step, std::chrono::duration<double, std::milli>(now - last).count());
    last = now;
  }

private:
  Result &result;
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
};

std::unique_ptr<Module> parse(const ModuleInput &input, LLVMContext &context, std::string &error) {
  Expected<std::unique_ptr<Module>> module =
      parseBitcodeFile(MemoryBufferRef(input.bitcode, input.name), context);
  if (!module) {
    error = input.name + ": " + toString(module.takeError());
    return nullptr;
  }
  if (!error.empty()) return nullptr;
  return std::move(*module);
}

bool verify(const Module &module, const char *when, std::string &error) {
  std::string text;
  raw_string_ostream stream(text);
  bool brokenDebugInfo = false;
  if (!verifyModule(module, &stream, &brokenDebugInfo) && !brokenDebugInfo) return true;
  stream.flush();
  error = std::string("the module is broken ") + when + ": " + text;
  return false;
}

// The program's functions have names of their own, which may be those of the C library: LLVM must
// not take a BPF function `strlen` for libc's. memcpy and its like are the exception, and only
// where no function must keep to general registers, since libc's use vector registers.
TargetLibraryInfoImpl libraryFunctions(const Module &module, bool memoryFunctions) {
  TargetLibraryInfoImpl library((Triple(module.getTargetTriple())));
  library.disableAllFunctions();
  if (memoryFunctions)
    for (LibFunc function : {LibFunc_memcpy, LibFunc_memmove, LibFunc_memset})
      library.setAvailable(function);
  return library;
}

bool allFunctionsUseVectors(const Module &program, const Plan &plan) {
  size_t defined = 0;
  for (const Function &function : program) defined += !function.isDeclaration();
  return defined != 0 && defined == plan.vectorFunctions.size();
}

// Aggressive combining takes time in the square of a function's length: 220 of 240 seconds for one of
// 100,000 instructions. What it finds (tables, counted bits, loads put together) is rare.
constexpr unsigned longestCombinedFunction = 10000;

bool shouldRun(StringRef pass, Any unit) {
  if (pass != "AggressiveInstCombinePass") return true;
  const Function *const *function = any_cast<const Function *>(&unit);
  return !function || (*function)->getInstructionCount() <= longestCombinedFunction;
}

void optimise(Module &module, TargetMachine &machine, const TargetLibraryInfoImpl &library,
              const Request &request) {
  PipelineTuningOptions tuning;
  // Functions restricted to general registers have no vector registers to vectorise for.
  tuning.LoopVectorization = request.level > 1;
  tuning.SLPVectorization = request.level > 1;
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassInstrumentationCallbacks callbacks;
  callbacks.registerShouldRunOptionalPassCallback(shouldRun);
  PassBuilder builder(&machine, tuning, {}, &callbacks);
  functions.registerPass([&] { return TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  const OptimizationLevel levels[] = {OptimizationLevel::O0, OptimizationLevel::O1,
                                      OptimizationLevel::O2, OptimizationLevel::O3};
  OptimizationLevel level = levels[request.level];
  ModulePassManager passes = level == OptimizationLevel::O0
                                 ? builder.buildO0DefaultPipeline(level)
                                 : builder.buildPerModuleDefaultPipeline(level);
  passes.run(module, modules);
}

// The machine scheduler takes time in the square of a block's length: 26 of 30 seconds for a block of
// 100,000 instructions. Code that runs straight on for so long gains little from it.
constexpr size_t longestScheduledBlock = 10000;

void chooseScheduler(const Module &module) {
  bool schedule = true;
  for (const Function &function : module)
    for (const BasicBlock &block : function) schedule &= block.size() <= longestScheduledBlock;
  // LLVM has this switch for its own tools only: an option that counts once it has been given.
  auto &options = cl::getRegisteredOptions();
  auto found = options.find("enable-misched");
  if (found == options.end()) return;
  auto *option = static_cast<cl::opt<bool> *>(found->second);
  if (option->getNumOccurrences() > 0)
    option->setValue(schedule);
  else if (!schedule)
    option->addOccurrence(0, "enable-misched", "false");
}

bool emit(Module &module, TargetMachine &machine, const TargetLibraryInfoImpl &library,
          const Request &request, SmallVector<char, 0> &bytes, std::string &error) {
  raw_svector_ostream stream(bytes);
  if (request.output == Output::llvmIr) {
    module.print(stream, nullptr);
    return true;
  }
  if (request.output == Output::bitcode) {
    WriteBitcodeToFile(module, stream);
    return true;
  }
#if LLVM_VERSION_MAJOR >= 18
  auto type = request.output == Output::object ? CodeGenFileType::ObjectFile
                                               : CodeGenFileType::AssemblyFile;
#else
  auto type = request.output == Output::object ? CGFT_ObjectFile : CGFT_AssemblyFile;
#endif
  chooseScheduler(module);
  legacy::PassManager passes;
  passes.add(new TargetLibraryInfoWrapperPass(library));
  if (machine.addPassesToEmitFile(passes, stream, nullptr, type, /*DisableVerify=*/true)) {
    error = "this target cannot write such a file";
    return false;
  }
  passes.run(module);
  return true;
}

} // namespace

bool compile(const Request &request, Result &result, std::string &error) {
  StepTimer timer(result);
  if (!checkCpu(request.triple, request.cpu, request.features, request.abi, error) ||
      !checkCpu(request.triple, request.cpu, request.generalRegisterFeatures, "", error))
    return false;
  auto machine = makeMachine(request.triple, request.cpu, request.features, request.abi,
                             static_cast<int>(request.level), error);
  if (!machine) return false;
  timer.finish("machine");

  LLVMContext context;
  std::string diagnosed;
  context.setDiagnosticHandler(std::make_unique<Collector>(diagnosed, result.warnings));
  auto module = parse(request.modules.front(), context, error);
  if (!module || !diagnosed.empty()) {
    if (error.empty()) error = diagnosed;
    return false;
  }
  module->setTargetTriple(request.triple);
  module->setDataLayout(machine->createDataLayout());
  timer.finish("parse");
  if (!verify(*module, "as built", error)) return false;
  timer.finish("verify");

  if (!applyPlan(*module, request.plan, error)) return false;
  bool memoryFunctions = allFunctionsUseVectors(*module, request.plan);
  for (size_t index = 1; index < request.modules.size(); ++index)
    if (!linkRuntime(*module, request.modules[index], result.warnings, error)) {
      if (!diagnosed.empty()) error += ": " + diagnosed;
      return false;
    }
  module->setPICLevel(PICLevel::BigPIC);
  if (!request.abi.empty() && !module->getModuleFlag("target-abi"))
    module->addModuleFlag(Module::Error, "target-abi", MDString::get(context, request.abi));
  setFunctionAttributes(*module, request);
  bindDefinitionsLocally(*module);
  timer.finish("link");

  if (request.modules.size() > 1 && !verify(*module, "after linking the runtime", error))
    return false;
  TargetLibraryInfoImpl library = libraryFunctions(*module, memoryFunctions);
  optimise(*module, *machine, library, request);
  callRuntimeForMemory(*module, request.plan);
  protectVariables(*module);
  timer.finish("optimise");
  if (!emit(*module, *machine, library, request, result.output, error)) return false;
  timer.finish("emit");
  if (!diagnosed.empty()) {
    error = diagnosed;
    return false;
  }
  return true;
}

bool printModule(StringRef bitcode, std::string &text, std::string &error) {
  LLVMContext context;
  std::vector<std::string> warnings;
  std::string diagnosed;
  context.setDiagnosticHandler(std::make_unique<Collector>(diagnosed, warnings));
  ModuleInput input;
  input.name = "module";
  input.bitcode = bitcode;
  auto module = parse(input, context, error);
  if (!module) return false;
  raw_string_ostream stream(text);
  module->print(stream, nullptr);
  return true;
}

} // namespace bpftime
