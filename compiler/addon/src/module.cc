// The JavaScript face of the code generator. It trusts nothing: JSON text and byte arrays in, a
// value or an exception out.
#include <napi.h>

#include "compile.h"
#include "contain.h"
#include "kernel.h"
#include "target.h"
#include "llvm/Config/llvm-config.h"

namespace {

Napi::Value fail(Napi::Env env, const std::string &message) {
  Napi::Error::New(env, message).ThrowAsJavaScriptException();
  return env.Undefined();
}

bool isBytes(const Napi::Value &value) {
  return value.IsTypedArray() &&
         value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
}

llvm::StringRef bytesOf(const Napi::Value &value) {
  auto array = value.As<Napi::Uint8Array>();
  return {reinterpret_cast<const char *>(array.Data()), array.ByteLength()};
}

Napi::Array stringsOf(Napi::Env env, const std::vector<std::string> &strings) {
  auto array = Napi::Array::New(env, strings.size());
  for (size_t index = 0; index < strings.size(); ++index)
    array.Set(static_cast<uint32_t>(index), Napi::String::New(env, strings[index]));
  return array;
}

// compile(request: string, bitcode: Uint8Array[]): { output, warnings, times }
Napi::Value compile(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (info.Length() != 2 || !info[0].IsString() || !info[1].IsArray())
    return fail(env, "compile takes the request's JSON text and an array of bitcode modules");
  bpftime::Request request;
  std::string error;
  if (!bpftime::parseRequest(info[0].As<Napi::String>().Utf8Value(), request, error))
    return fail(env, error);
  auto arrays = info[1].As<Napi::Array>();
  if (arrays.Length() != request.modules.size())
    return fail(env, "as many byte arrays as modules are needed");
  for (uint32_t index = 0; index < arrays.Length(); ++index) {
    Napi::Value bytes = arrays.Get(index);
    if (!isBytes(bytes)) return fail(env, "bitcode must be a Uint8Array");
    request.modules[index].bitcode = bytesOf(bytes);
  }

  bpftime::Result result;
  bool succeeded = false;
  std::string failure;
  if (!bpftime::runContained([&] { succeeded = bpftime::compile(request, result, failure); }, error))
    return fail(env, error);
  if (!succeeded) return fail(env, failure);

  auto output = Napi::Uint8Array::New(env, result.output.size());
  if (!result.output.empty())
    std::copy(result.output.begin(), result.output.end(), output.Data());
  auto times = Napi::Object::New(env);
  for (const auto &[step, milliseconds] : result.times)
    times.Set(step, Napi::Number::New(env, milliseconds));
  auto answer = Napi::Object::New(env);
  answer.Set("output", output);
  answer.Set("warnings", stringsOf(env, result.warnings));
  answer.Set("times", times);
  return answer;
}

// printModule(bitcode: Uint8Array): string
Napi::Value printModule(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (info.Length() != 1 || !isBytes(info[0])) return fail(env, "printModule takes a Uint8Array");
  llvm::StringRef bitcode = bytesOf(info[0]);
  std::string text, failure, error;
  bool succeeded = false;
  if (!bpftime::runContained([&] { succeeded = bpftime::printModule(bitcode, text, failure); },
                             error))
    return fail(env, error);
  if (!succeeded) return fail(env, failure);
  return Napi::String::New(env, text);
}

// names(triple: string): { cpus: string[], features: string[] }
Napi::Value names(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (info.Length() != 1 || !info[0].IsString()) return fail(env, "names takes a triple");
  bpftime::TargetNames found;
  std::string error;
  if (!bpftime::listNames(info[0].As<Napi::String>().Utf8Value(), found, error))
    return fail(env, error);
  auto answer = Napi::Object::New(env);
  answer.Set("cpus", stringsOf(env, found.cpus));
  answer.Set("features", stringsOf(env, found.features));
  return answer;
}

// checkCpu(triple: string, cpu: string, features: string, abi: string): string
// What is wrong with them; empty when nothing.
Napi::Value checkCpu(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  std::string words[4];
  for (size_t index = 0; index < 4; ++index) {
    if (!info[index].IsString())
      return fail(env, "checkCpu takes a triple, a CPU, features and an ABI");
    words[index] = info[index].As<Napi::String>();
  }
  std::string error;
  bpftime::checkCpu(words[0], words[1], words[2], words[3], error);
  return Napi::String::New(env, error);
}

// host(): { cpu: string, features: string }
Napi::Value host(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  std::string cpu, features;
  bpftime::describeHost(cpu, features);
  auto answer = Napi::Object::New(env);
  answer.Set("cpu", Napi::String::New(env, cpu));
  answer.Set("features", Napi::String::New(env, features));
  return answer;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("llvmVersion", Napi::String::New(env, LLVM_VERSION_STRING));
  exports.Set("compile", Napi::Function::New(env, compile));
  exports.Set("printModule", Napi::Function::New(env, printModule));
  exports.Set("names", Napi::Function::New(env, names));
  exports.Set("checkCpu", Napi::Function::New(env, checkCpu));
  exports.Set("host", Napi::Function::New(env, host));
  bpftime::exportKernel(env, exports);
  return exports;
}

} // namespace

NODE_API_MODULE(bpftime, initialize)
