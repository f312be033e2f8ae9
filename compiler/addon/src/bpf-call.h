// What every use of bpf(2) shares: the call itself, options from JavaScript, errors to it.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <linux/bpf.h>
#include <napi.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

namespace bpftime {

inline long bpf(int command, union bpf_attr &attr) {
  return syscall(__NR_bpf, command, &attr, sizeof attr);
}

inline uint64_t address(const void *pointer) { return reinterpret_cast<uintptr_t>(pointer); }

inline Napi::Value failErrno(Napi::Env env, const char *what, int number, const std::string &log = {}) {
  const char *name = strerrorname_np(number);
  auto error = Napi::Error::New(env, std::string(what) + ": " + (name ? name : "unknown error"));
  error.Set("code", Napi::String::New(env, name ? name : "UNKNOWN"));
  if (!log.empty()) error.Set("log", Napi::String::New(env, log));
  error.ThrowAsJavaScriptException();
  return env.Undefined();
}

inline Napi::Value failType(Napi::Env env, const char *message) {
  Napi::TypeError::New(env, message).ThrowAsJavaScriptException();
  return env.Undefined();
}

// A field of an options object that must be a whole number of 32 bits; absent means `fallback`.
inline bool number(const Napi::Object &object, const char *name, uint32_t fallback, uint32_t &value) {
  Napi::Value field = object.Get(name);
  if (field.IsUndefined()) return value = fallback, true;
  if (!field.IsNumber()) return false;
  double given = field.As<Napi::Number>().DoubleValue();
  if (!(given >= 0 && given <= UINT32_MAX) || given != static_cast<uint32_t>(given)) return false;
  value = static_cast<uint32_t>(given);
  return true;
}

inline bool bytes(const Napi::Value &value, Napi::Uint8Array &array) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
    return false;
  array = value.As<Napi::Uint8Array>();
  return true;
}

} // namespace bpftime
