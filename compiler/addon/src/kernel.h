// bpf(2): the kernel's own verifier and JIT as a third opinion for tests and benchmarks.
#pragma once

#include <napi.h>

namespace bpftime {

void exportKernel(Napi::Env env, Napi::Object exports);

} // namespace bpftime
