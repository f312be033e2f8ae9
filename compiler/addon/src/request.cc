#include "request.h"

using namespace llvm;

namespace bpftime {

// llvm::json finds these by argument-dependent lookup.

static bool fromJSON(const json::Value &value, ModuleInput &input, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("name", input.name);
}

static bool fromJSON(const json::Value &value, AliasPlan &alias, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("alias", alias.alias) && map.map("target", alias.target);
}

static bool fromJSON(const json::Value &value, AttributePlan &attribute, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("function", attribute.function) &&
         map.map("position", attribute.position) && map.map("name", attribute.name) &&
         map.mapOptional("value", attribute.value);
}

static bool fromJSON(const json::Value &value, GlobalPlan &global, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("symbol", global.symbol) && map.mapOptional("alignment", global.alignment) &&
         map.mapOptional("section", global.section) && map.mapOptional("retain", global.retain);
}

static bool fromJSON(const json::Value &value, Plan &plan, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && map.map("aliases", plan.aliases) &&
         map.map("vectorFunctions", plan.vectorFunctions) &&
         map.map("attributes", plan.attributes) && map.map("hidden", plan.hidden) &&
         map.map("globals", plan.globals);
}

static bool fromJSON(const json::Value &value, Output &output, json::Path path) {
  auto text = value.getAsString();
  if (text) {
    if (*text == "obj") return output = Output::object, true;
    if (*text == "asm") return output = Output::assembly, true;
    if (*text == "llvm-ir") return output = Output::llvmIr, true;
    if (*text == "bitcode") return output = Output::bitcode, true;
  }
  path.report("expected obj, asm, llvm-ir or bitcode");
  return false;
}

static bool fromJSON(const json::Value &value, Request &request, json::Path path) {
  json::ObjectMapper map(value, path);
  if (!map || !map.map("modules", request.modules) || !map.map("plan", request.plan) ||
      !map.map("triple", request.triple) || !map.map("cpu", request.cpu) ||
      !map.map("features", request.features) ||
      !map.map("generalRegisterFeatures", request.generalRegisterFeatures) ||
      !map.map("abi", request.abi) || !map.map("level", request.level) ||
      !map.map("emit", request.output))
    return false;
  if (request.level < 0 || request.level > 3) {
    path.field("level").report("expected 0 to 3");
    return false;
  }
  if (request.modules.empty()) {
    path.field("modules").report("expected at least one module");
    return false;
  }
  return true;
}

bool parseRequest(StringRef text, Request &request, std::string &error) {
  Expected<json::Value> value = json::parse(text);
  if (!value) {
    error = "request is not JSON: " + toString(value.takeError());
    return false;
  }
  json::Path::Root root("request");
  if (fromJSON(*value, request, root)) return true;
  error = toString(root.getError());
  return false;
}

} // namespace bpftime
