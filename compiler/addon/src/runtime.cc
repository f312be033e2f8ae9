#include "runtime.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Linker/Linker.h"
#if LLVM_VERSION_MAJOR >= 17
#include "llvm/TargetParser/Triple.h"
#else
#include "llvm/ADT/Triple.h"
#endif

using namespace llvm;

namespace bpftime {

// A call whose type differs from the definition's is legal, but never inlined: somebody's mistake.
static void warnOfMismatch(const Function &function, std::vector<std::string> &warnings) {
  for (const User *user : function.users()) {
    auto *call = dyn_cast<CallBase>(user);
    if (call && call->getCalledOperand() == &function &&
        call->getFunctionType() != function.getFunctionType()) {
      warnings.push_back("calls of '" + function.getName().str() +
                         "' disagree with its definition in the runtime and stay calls");
      return;
    }
  }
}

bool linkRuntime(Module &program, const ModuleInput &runtime, std::vector<std::string> &warnings,
                 std::string &error) {
  Expected<std::unique_ptr<Module>> loaded = getLazyBitcodeModule(
      MemoryBufferRef(runtime.bitcode, runtime.name), program.getContext());
  if (!loaded) {
    error = runtime.name + ": " + toString(loaded.takeError());
    return false;
  }
  std::unique_ptr<Module> source = std::move(*loaded);
  source->setTargetTriple(program.getTargetTriple());
  source->setDataLayout(program.getDataLayout());
  // The program decides on flags; the compiler's name would end up in the object's .comment.
  for (const char *name : {"llvm.module.flags", "llvm.ident"})
    if (NamedMDNode *node = source->getNamedMetadata(name)) source->eraseNamedMetadata(node);
  std::vector<std::string> taken;
  auto internalize = [&](Module &module, const StringSet<> &names) {
    for (const auto &entry : names) {
      GlobalValue *value = module.getNamedValue(entry.getKey());
      if (!value || value->isDeclaration() || value->hasLocalLinkage()) continue;
      value->setLinkage(GlobalValue::InternalLinkage);
      value->setVisibility(GlobalValue::DefaultVisibility);
      if (auto *object = dyn_cast<GlobalObject>(value)) object->setComdat(nullptr);
      taken.push_back(entry.getKey().str());
    }
  };
  if (Linker(program).linkInModule(std::move(source), Linker::Flags::LinkOnlyNeeded, internalize)) {
    error = runtime.name + ": cannot be linked to the program";
    return false;
  }
  for (const std::string &name : taken)
    if (const Function *function = program.getFunction(name)) warnOfMismatch(*function, warnings);
  return true;
}

// Whether the target makes stores of it: every one makes up to eight.
static bool isShort(const MemIntrinsic &operation, bool anyAlignment) {
  auto *length = dyn_cast<ConstantInt>(operation.getLength());
  if (!length) return false;
  uint64_t alignment = operation.getDestAlign().valueOrOne().value();
  if (auto *transfer = dyn_cast<MemTransferInst>(&operation))
    alignment = std::min(alignment, transfer->getSourceAlign().valueOrOne().value());
  uint64_t word = anyAlignment ? 8 : std::min<uint64_t>(alignment, 8);
  uint64_t size = length->getZExtValue(), rest = size % word;
  return size / word + (rest & 1) + (rest >> 1 & 1) + (rest >> 2 & 1) <= 8;
}

void callRuntimeForMemory(Module &module, const Plan &plan) {
  StringSet<> vector;
  for (const std::string &name : plan.vectorFunctions) vector.insert(name);
  bool anyAlignment = !Triple(module.getTargetTriple()).isRISCV();
  SmallVector<MemIntrinsic *, 16> calls;
  for (Function &function : module) {
    if (vector.contains(function.getName())) continue;
    for (Instruction &instruction : instructions(function))
      if (auto *operation = dyn_cast<MemIntrinsic>(&instruction))
        if (!isa<MemCpyInlineInst>(operation) && !isShort(*operation, anyAlignment)) calls.push_back(operation);
  }
  for (MemIntrinsic *operation : calls) {
    IRBuilder<> builder(operation);
    Value *to = operation->getRawDest();
    Value *size = builder.CreateZExtOrTrunc(operation->getLength(), builder.getInt64Ty());
    Value *second;
    const char *name;
    if (auto *set = dyn_cast<MemSetInst>(operation)) {
      second = builder.CreateZExt(set->getValue(), builder.getInt32Ty());
      name = "bpftime_memset";
    } else {
      second = cast<MemTransferInst>(operation)->getRawSource();
      name = isa<MemMoveInst>(operation) ? "bpftime_memmove" : "bpftime_memcpy";
    }
    FunctionCallee callee = module.getOrInsertFunction(name, to->getType(), to->getType(),
                                                       second->getType(), size->getType());
    builder.CreateCall(callee, {to, second, size})->setDoesNotThrow();
    operation->eraseFromParent();
  }
}

} // namespace bpftime
