#include "kernel.h"

#include <cstdlib>
#include <memory>

#include "bpf-call.h"

namespace bpftime {

namespace {

constexpr size_t firstLog = 1 << 16;
constexpr size_t largestLog = 1 << 28;

struct Release {
  void operator()(char *memory) const { free(memory); }
};

// A buffer the kernel writes text to. Not zeroed: most of a large one is never touched.
using Log = std::unique_ptr<char, Release>;

Log makeLog(size_t size) {
  Log log(static_cast<char *>(malloc(size)));
  if (log) log.get()[0] = '\0';
  return log;
}

// Records of func_info or line_info: whole ones, given as bytes; absent is none.
bool records(const Napi::Object &options, const char *name, uint32_t size, Napi::Uint8Array &array,
             uint32_t &count) {
  count = 0;
  Napi::Value field = options.Get(name);
  if (field.IsUndefined()) return true;
  if (!bytes(field, array) || array.ByteLength() % size != 0) return false;
  count = static_cast<uint32_t>(array.ByteLength() / size);
  return true;
}

// progVerify({ type, instructions, license, expectedAttachType?, flags?, logLevel, logLimit?, btf?,
//              functionInfo?, lineInfo? }): { errno (empty when accepted), log, truncated }
// Loads the program and lets go of it at once. A buffer that the log does not fit is made larger, up
// to logLimit bytes; of a log that is longer still, newer kernels keep the end.
Napi::Value progVerify(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (info.Length() != 1 || !info[0].IsObject()) return failType(env, "progVerify takes options");
  auto options = info[0].As<Napi::Object>();
  Napi::Uint8Array instructions, functionInfo, lineInfo;
  uint32_t type, attachType, flags, logLevel, logLimit, btf, functions, lines;
  if (!bytes(options.Get("instructions"), instructions) || instructions.ByteLength() % 8 != 0 ||
      !number(options, "type", 0, type) || !number(options, "expectedAttachType", 0, attachType) ||
      !number(options, "flags", 0, flags) || !number(options, "logLevel", 1, logLevel) ||
      !number(options, "logLimit", largestLog, logLimit) || !number(options, "btf", 0, btf) ||
      !records(options, "functionInfo", sizeof(bpf_func_info), functionInfo, functions) ||
      !records(options, "lineInfo", sizeof(bpf_line_info), lineInfo, lines) || logLevel == 0 ||
      !options.Get("license").IsString())
    return failType(env, "progVerify needs type, instructions (8 bytes each), license, logLevel");
  std::string license = options.Get("license").As<Napi::String>();
  size_t limit = logLimit < firstLog ? firstLog : logLimit > largestLog ? largestLog : logLimit;
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.prog_type = type;
  attr.insns = address(instructions.Data());
  attr.insn_cnt = static_cast<uint32_t>(instructions.ByteLength() / 8);
  attr.license = address(license.c_str());
  attr.expected_attach_type = attachType;
  attr.prog_flags = flags;
  attr.prog_btf_fd = btf;
  if (functions != 0) {
    attr.func_info_rec_size = sizeof(bpf_func_info);
    attr.func_info = address(functionInfo.Data());
    attr.func_info_cnt = functions;
  }
  if (lines != 0) {
    attr.line_info_rec_size = sizeof(bpf_line_info);
    attr.line_info = address(lineInfo.Data());
    attr.line_info_cnt = lines;
  }
  attr.log_level = logLevel;
  Log log;
  size_t size = firstLog;
  int reason = 0;
  for (;; size = size * 16 < limit ? size * 16 : limit) {
    log = makeLog(size);
    if (!log) return failErrno(env, "the log", ENOMEM);
    attr.log_buf = address(log.get());
    attr.log_size = static_cast<uint32_t>(size);
    long fd = bpf(BPF_PROG_LOAD, attr);
    reason = fd < 0 ? errno : 0;
    if (fd >= 0) close(static_cast<int>(fd));
    if (reason != ENOSPC || size >= limit) break;
  }
  auto answer = Napi::Object::New(env);
  const char *name = reason == 0 ? "" : strerrorname_np(reason);
  answer.Set("errno", Napi::String::New(env, name ? name : "UNKNOWN"));
  answer.Set("log", Napi::String::New(env, log.get(), strnlen(log.get(), size)));
  answer.Set("truncated", Napi::Boolean::New(env, reason == ENOSPC));
  return answer;
}

// btfLoad(bytes): number
Napi::Value btfLoad(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Uint8Array types;
  if (info.Length() != 1 || !bytes(info[0], types))
    return failType(env, "btfLoad takes the bytes of a .BTF section");
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.btf = address(types.Data());
  attr.btf_size = static_cast<uint32_t>(types.ByteLength());
  long fd = bpf(BPF_BTF_LOAD, attr);
  if (fd >= 0) return Napi::Number::New(env, static_cast<double>(fd));
  int reason = errno;
  Log log = makeLog(firstLog);
  if (!log) return failErrno(env, "BPF_BTF_LOAD", reason);
  attr.btf_log_buf = address(log.get());
  attr.btf_log_size = firstLog;
  attr.btf_log_level = 1;
  fd = bpf(BPF_BTF_LOAD, attr);
  if (fd >= 0) return Napi::Number::New(env, static_cast<double>(fd));
  return failErrno(env, "BPF_BTF_LOAD", reason, std::string(log.get(), strnlen(log.get(), firstLog)));
}

} // namespace

void exportVerifier(Napi::Env env, Napi::Object kernel) {
  kernel.Set("progVerify", Napi::Function::New(env, progVerify));
  kernel.Set("btfLoad", Napi::Function::New(env, btfLoad));
}

} // namespace bpftime
