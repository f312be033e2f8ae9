#include "runtime.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/Linker/Linker.h"

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

} // namespace bpftime
