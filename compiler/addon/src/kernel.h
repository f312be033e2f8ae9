// bpf(2): the kernel's own verifier and JIT as a third opinion for users, tests and benchmarks.
#pragma once

#include <napi.h>

namespace bpftime {

void exportKernel(Napi::Env env, Napi::Object exports);

// What asks the kernel's verifier: progVerify and btfLoad.
void exportVerifier(Napi::Env env, Napi::Object kernel);

} // namespace bpftime
