#include "plan.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/GlobalAlias.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

using namespace llvm;

namespace bpftime {

static bool addAlias(Module &module, const AliasPlan &plan, std::string &error) {
  auto *target = dyn_cast_or_null<GlobalObject>(module.getNamedValue(plan.target));
  if (!target || target->isDeclaration()) {
    error = "alias '" + plan.alias + "' of '" + plan.target + "', which is not defined";
    return false;
  }
  GlobalValue *former = module.getNamedValue(plan.alias);
  if (former && !former->isDeclaration()) {
    error = "alias '" + plan.alias + "' is defined already";
    return false;
  }
  auto *alias = GlobalAlias::create(target->getValueType(), target->getAddressSpace(),
                                    GlobalValue::WeakAnyLinkage, "", target, &module);
  if (former) {
    former->replaceAllUsesWith(ConstantExpr::getPointerCast(alias, former->getType()));
    former->eraseFromParent();
  }
  alias->setName(plan.alias);
  return true;
}

#if LLVM_VERSION_MAJOR >= 16
// Older LLVM has an attribute for each of these.
static bool memoryEffects(StringRef name, MemoryEffects &effects) {
  if (name == "readnone") return effects = MemoryEffects::none(), true;
  if (name == "readonly") return effects = MemoryEffects::readOnly(), true;
  if (name == "writeonly") return effects = MemoryEffects::writeOnly(), true;
  if (name == "argmemonly") return effects = MemoryEffects::argMemOnly(), true;
  if (name == "inaccessiblememonly") return effects = MemoryEffects::inaccessibleMemOnly(), true;
  return false;
}
#endif

static bool addAttribute(Module &module, const AttributePlan &plan, std::string &error) {
  Function *function = module.getFunction(plan.function);
  std::string where = "attribute '" + plan.name + "' of '" + plan.function + "'";
  if (!function) {
    error = where + ": no such function";
    return false;
  }
  if (plan.position < -1 || plan.position > static_cast<int64_t>(function->arg_size())) {
    error = where + ": no position " + std::to_string(plan.position);
    return false;
  }
  LLVMContext &context = module.getContext();
#if LLVM_VERSION_MAJOR >= 16
  MemoryEffects effects = MemoryEffects::unknown();
  if (plan.position == -1 && memoryEffects(plan.name, effects)) {
    function->setMemoryEffects(function->getMemoryEffects() & effects);
    return true;
  }
#endif
  Attribute::AttrKind kind = Attribute::getAttrKindFromName(plan.name);
  bool fits = kind != Attribute::None &&
              (plan.position == -1  ? Attribute::canUseAsFnAttr(kind)
               : plan.position == 0 ? Attribute::canUseAsRetAttr(kind)
                                    : Attribute::canUseAsParamAttr(kind));
  if (!fits) {
    error = where + ": not an attribute of position " + std::to_string(plan.position);
    return false;
  }
  Attribute attribute;
  if (Attribute::isEnumAttrKind(kind)) {
    attribute = Attribute::get(context, kind);
  } else if (Attribute::isIntAttrKind(kind)) {
    // Alignments go into a power of two: a bad one would be an assertion of LLVM.
    bool good = plan.value > 0 && (kind != Attribute::Alignment ||
                                   (isPowerOf2_64(plan.value) && plan.value <= 1ll << 32));
    if (!good) {
      error = where + ": needs a value";
      return false;
    }
    attribute = Attribute::get(context, kind, static_cast<uint64_t>(plan.value));
  } else {
    error = where + ": has no number as its value";
    return false;
  }
  unsigned index = plan.position == -1  ? AttributeList::FunctionIndex
                   : plan.position == 0 ? AttributeList::ReturnIndex
                                        : AttributeList::FirstArgIndex + plan.position - 1;
  function->setAttributes(function->getAttributes().addAttributeAtIndex(context, index, attribute));
  return true;
}

static bool placeGlobal(Module &module, const GlobalPlan &plan, SmallVectorImpl<GlobalValue *> &used,
                        std::string &error) {
  auto *global = dyn_cast_or_null<GlobalObject>(module.getNamedValue(plan.symbol));
  if (!global) {
    error = "no symbol '" + plan.symbol + "' to place";
    return false;
  }
  if (plan.alignment != 0) {
    if (plan.alignment < 0 || !isPowerOf2_64(plan.alignment) || plan.alignment > 1ll << 32) {
      error = "alignment " + std::to_string(plan.alignment) + " of '" + plan.symbol + "'";
      return false;
    }
    global->setAlignment(Align(static_cast<uint64_t>(plan.alignment)));
  }
  if (!plan.section.empty()) global->setSection(plan.section);
  if (plan.retain) used.push_back(global);
  return true;
}

bool applyPlan(Module &module, const Plan &plan, std::string &error) {
  for (const AttributePlan &attribute : plan.attributes)
    if (!addAttribute(module, attribute, error)) return false;
  for (const std::string &symbol : plan.hidden) {
    GlobalValue *value = module.getNamedValue(symbol);
    if (!value) {
      error = "no symbol '" + symbol + "' to hide";
      return false;
    }
    if (!value->hasLocalLinkage()) value->setVisibility(GlobalValue::HiddenVisibility);
  }
  SmallVector<GlobalValue *, 8> used;
  for (const GlobalPlan &global : plan.globals)
    if (!placeGlobal(module, global, used, error)) return false;
  // SHF_GNU_RETAIN: the linker's --gc-sections keeps it too.
  if (!used.empty()) appendToUsed(module, used);
  for (const std::string &name : plan.vectorFunctions)
    if (!module.getFunction(name)) {
      error = "no function '" + name + "' to use vectors in";
      return false;
    }
  for (const AliasPlan &alias : plan.aliases)
    if (!addAlias(module, alias, error)) return false;
  return true;
}

void setFunctionAttributes(Module &module, const Request &request) {
  StringSet<> vector;
  for (const std::string &name : request.plan.vectorFunctions) vector.insert(name);
  std::string general = request.features;
  if (!general.empty() && !request.generalRegisterFeatures.empty()) general += ',';
  general += request.generalRegisterFeatures;

  for (Function &function : module) {
    if (function.isIntrinsic()) continue;
    // Nothing throws, helpers neither. Debuggers unwind by .debug_frame.
    function.addFnAttr(Attribute::NoUnwind);
    if (function.isDeclaration()) continue;
    function.removeFnAttr(Attribute::UWTable);
    function.removeFnAttr(Attribute::StackProtect);
    function.removeFnAttr(Attribute::StackProtectReq);
    function.removeFnAttr(Attribute::StackProtectStrong);
    // Never `noimplicitfloat` or `no-builtins`: inlining hands these on to the caller, or is refused
    // for them. Features without vector registers are enough to keep code out of these.
    function.removeFnAttr(Attribute::NoImplicitFloat);
    for (StringRef name : {"no-builtins", "tune-cpu", "probe-stack", "min-legal-vector-width",
                           "stack-protector-buffer-size"})
      function.removeFnAttr(name);
    function.addFnAttr("frame-pointer", "none");
    function.addFnAttr("target-cpu", request.cpu);
    function.addFnAttr("target-features",
                       vector.contains(function.getName()) ? request.features : general);
  }
}

void bindDefinitionsLocally(Module &module) {
  for (GlobalValue &value : module.global_values())
    if (!value.isDeclaration() && value.hasExternalLinkage()) value.setDSOLocal(true);
}

void protectVariables(Module &module) {
  SmallVector<GlobalVariable *, 16> exported;
  for (GlobalVariable &variable : module.globals())
    if (!variable.isDeclaration() && variable.hasExternalLinkage() && !variable.isConstant() &&
        variable.hasDefaultVisibility())
      exported.push_back(&variable);
  for (GlobalVariable *variable : exported) {
    std::string name = variable->getName().str();
    variable->setName(name + ".variable");
    variable->setLinkage(GlobalValue::PrivateLinkage);
    auto *symbol = GlobalAlias::create(GlobalValue::ExternalLinkage, name, variable);
    symbol->setVisibility(GlobalValue::ProtectedVisibility);
  }
}

} // namespace bpftime
