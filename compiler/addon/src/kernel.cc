#include "kernel.h"

#include <algorithm>

#include "bpf-call.h"

namespace bpftime {

namespace {

constexpr size_t logSize = 1 << 20;

// progLoad({ type, instructions, license, expectedAttachType?, flags? }): number
Napi::Value progLoad(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (info.Length() != 1 || !info[0].IsObject()) return failType(env, "progLoad takes options");
  auto options = info[0].As<Napi::Object>();
  Napi::Uint8Array instructions;
  uint32_t type, attachType, flags;
  if (!bytes(options.Get("instructions"), instructions) || instructions.ByteLength() % 8 != 0 ||
      !number(options, "type", 0, type) || !number(options, "expectedAttachType", 0, attachType) ||
      !number(options, "flags", 0, flags) || !options.Get("license").IsString())
    return failType(env, "progLoad needs type, instructions (8 bytes each) and license");
  std::string license = options.Get("license").As<Napi::String>();
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.prog_type = type;
  attr.insns = address(instructions.Data());
  attr.insn_cnt = static_cast<uint32_t>(instructions.ByteLength() / 8);
  attr.license = address(license.c_str());
  attr.expected_attach_type = attachType;
  attr.prog_flags = flags;
  long fd = bpf(BPF_PROG_LOAD, attr);
  if (fd >= 0) return Napi::Number::New(env, static_cast<double>(fd));
  // Only a refusal is worth the time of writing a log.
  int reason = errno;
  std::string log(logSize, '\0');
  attr.log_buf = address(log.data());
  attr.log_size = static_cast<uint32_t>(log.size());
  attr.log_level = 1;
  fd = bpf(BPF_PROG_LOAD, attr);
  if (fd >= 0) return Napi::Number::New(env, static_cast<double>(fd));
  log.resize(strnlen(log.data(), log.size()));
  return failErrno(env, "BPF_PROG_LOAD", reason, log);
}

// progTestRun({ fd, dataIn?, dataOutSize?, context?, contextOutSize?, repeat?, flags? }):
//   { retval, duration (ns of one run), dataOut, contextOut }
Napi::Value progTestRun(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (info.Length() != 1 || !info[0].IsObject()) return failType(env, "progTestRun takes options");
  auto options = info[0].As<Napi::Object>();
  Napi::Uint8Array dataIn, context;
  uint32_t fd, dataOutSize, contextOutSize, repeat, flags;
  bool hasData = !options.Get("dataIn").IsUndefined();
  bool hasContext = !options.Get("context").IsUndefined();
  if ((hasData && !bytes(options.Get("dataIn"), dataIn)) ||
      (hasContext && !bytes(options.Get("context"), context)) ||
      !number(options, "fd", UINT32_MAX, fd) || !number(options, "dataOutSize", 0, dataOutSize) ||
      !number(options, "contextOutSize", 0, contextOutSize) ||
      !number(options, "repeat", 0, repeat) || !number(options, "flags", 0, flags) ||
      dataOutSize > 1u << 30 || contextOutSize > 1u << 20)
    return failType(env, "progTestRun needs fd; dataIn and context are Uint8Array");
  auto dataOut = Napi::Uint8Array::New(env, dataOutSize);
  auto contextOut = Napi::Uint8Array::New(env, contextOutSize);
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.test.prog_fd = fd;
  attr.test.repeat = repeat;
  attr.test.flags = flags;
  if (hasData) {
    attr.test.data_in = address(dataIn.Data());
    attr.test.data_size_in = static_cast<uint32_t>(dataIn.ByteLength());
  }
  if (hasContext) {
    attr.test.ctx_in = address(context.Data());
    attr.test.ctx_size_in = static_cast<uint32_t>(context.ByteLength());
  }
  if (dataOutSize != 0) {
    attr.test.data_out = address(dataOut.Data());
    attr.test.data_size_out = dataOutSize;
  }
  if (contextOutSize != 0) {
    attr.test.ctx_out = address(contextOut.Data());
    attr.test.ctx_size_out = contextOutSize;
  }
  if (bpf(BPF_PROG_TEST_RUN, attr) != 0) return failErrno(env, "BPF_PROG_TEST_RUN", errno);
  auto part = [&](const Napi::Uint8Array &array, uint32_t size) {
    size_t length = std::min<size_t>(size, array.ByteLength());
    return Napi::Uint8Array::New(env, length, array.ArrayBuffer(), 0);
  };
  auto answer = Napi::Object::New(env);
  answer.Set("retval", Napi::Number::New(env, attr.test.retval));
  answer.Set("duration", Napi::Number::New(env, attr.test.duration));
  answer.Set("dataOut", part(dataOut, attr.test.data_size_out));
  answer.Set("contextOut", part(contextOut, attr.test.ctx_size_out));
  return answer;
}

// mapCreate({ type, keySize, valueSize, maxEntries, name?, flags?, extra?, numaNode?, innerMap?,
//             btf?, keyType?, valueType? }): number
Napi::Value mapCreate(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (info.Length() != 1 || !info[0].IsObject()) return failType(env, "mapCreate takes options");
  auto options = info[0].As<Napi::Object>();
  uint32_t extra;
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  if (!number(options, "type", 0, attr.map_type) || !number(options, "keySize", 0, attr.key_size) ||
      !number(options, "valueSize", 0, attr.value_size) ||
      !number(options, "maxEntries", 0, attr.max_entries) ||
      !number(options, "flags", 0, attr.map_flags) ||
      !number(options, "extra", 0, extra) || !number(options, "numaNode", 0, attr.numa_node) ||
      !number(options, "innerMap", 0, attr.inner_map_fd) ||
      !number(options, "btf", 0, attr.btf_fd) ||
      !number(options, "keyType", 0, attr.btf_key_type_id) ||
      !number(options, "valueType", 0, attr.btf_value_type_id))
    return failType(env, "mapCreate needs type, keySize, valueSize and maxEntries");
  attr.map_extra = extra;
  if (options.Get("name").IsString()) {
    std::string name = options.Get("name").As<Napi::String>();
    memcpy(attr.map_name, name.data(), std::min(name.size(), sizeof attr.map_name - 1));
  }
  long fd = bpf(BPF_MAP_CREATE, attr);
  if (fd < 0) return failErrno(env, "BPF_MAP_CREATE", errno);
  return Napi::Number::New(env, static_cast<double>(fd));
}

// Sizes of a map's elements, from the kernel: a buffer too short would be read or written past its end.
bool elementSizes(uint32_t fd, uint32_t &keySize, uint32_t &valueSize) {
  struct bpf_map_info map;
  memset(&map, 0, sizeof map);
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.info.bpf_fd = fd;
  attr.info.info_len = sizeof map;
  attr.info.info = address(&map);
  if (bpf(BPF_OBJ_GET_INFO_BY_FD, attr) != 0) return false;
  keySize = map.key_size;
  valueSize = map.value_size;
  // Per-CPU kinds take one value for every possible CPU.
  switch (map.type) {
  case BPF_MAP_TYPE_PERCPU_HASH:
  case BPF_MAP_TYPE_PERCPU_ARRAY:
  case BPF_MAP_TYPE_LRU_PERCPU_HASH:
  case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
    errno = ENOTSUP;
    return false;
  default:
    return true;
  }
}

// mapLookup(fd, key): Uint8Array, or undefined when the key is not there
Napi::Value mapLookup(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Uint8Array key;
  if (info.Length() != 2 || !info[0].IsNumber() || !bytes(info[1], key))
    return failType(env, "mapLookup takes a descriptor and a key");
  uint32_t fd = info[0].As<Napi::Number>().Uint32Value(), keySize, valueSize;
  if (!elementSizes(fd, keySize, valueSize)) return failErrno(env, "BPF_MAP_LOOKUP_ELEM", errno);
  if (key.ByteLength() != keySize) return failErrno(env, "BPF_MAP_LOOKUP_ELEM", EINVAL);
  auto value = Napi::Uint8Array::New(env, valueSize);
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.map_fd = fd;
  attr.key = address(key.Data());
  attr.value = address(value.Data());
  if (bpf(BPF_MAP_LOOKUP_ELEM, attr) == 0) return value;
  if (errno == ENOENT) return env.Undefined();
  return failErrno(env, "BPF_MAP_LOOKUP_ELEM", errno);
}

// mapUpdate(fd, key, value, flags?)
Napi::Value mapUpdate(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Napi::Uint8Array key, value;
  if (info.Length() < 3 || !info[0].IsNumber() || !bytes(info[1], key) || !bytes(info[2], value) ||
      (info.Length() > 3 && !info[3].IsNumber()))
    return failType(env, "mapUpdate takes a descriptor, a key and a value");
  uint32_t fd = info[0].As<Napi::Number>().Uint32Value(), keySize, valueSize;
  if (!elementSizes(fd, keySize, valueSize)) return failErrno(env, "BPF_MAP_UPDATE_ELEM", errno);
  if (key.ByteLength() != keySize || value.ByteLength() != valueSize)
    return failErrno(env, "BPF_MAP_UPDATE_ELEM", EINVAL);
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.map_fd = fd;
  attr.key = address(key.Data());
  attr.value = address(value.Data());
  attr.flags = info.Length() > 3 ? info[3].As<Napi::Number>().Uint32Value() : 0;
  if (bpf(BPF_MAP_UPDATE_ELEM, attr) != 0) return failErrno(env, "BPF_MAP_UPDATE_ELEM", errno);
  return env.Undefined();
}

// mapFreeze(fd): user space cannot write the map any more
Napi::Value mapFreeze(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (info.Length() != 1 || !info[0].IsNumber())
    return failType(env, "mapFreeze takes a descriptor");
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.map_fd = info[0].As<Napi::Number>().Uint32Value();
  if (bpf(BPF_MAP_FREEZE, attr) != 0) return failErrno(env, "BPF_MAP_FREEZE", errno);
  return env.Undefined();
}

} // namespace

void exportKernel(Napi::Env env, Napi::Object exports) {
  auto kernel = Napi::Object::New(env);
  kernel.Set("progLoad", Napi::Function::New(env, progLoad));
  kernel.Set("progTestRun", Napi::Function::New(env, progTestRun));
  kernel.Set("mapCreate", Napi::Function::New(env, mapCreate));
  kernel.Set("mapLookup", Napi::Function::New(env, mapLookup));
  kernel.Set("mapUpdate", Napi::Function::New(env, mapUpdate));
  kernel.Set("mapFreeze", Napi::Function::New(env, mapFreeze));
  exportVerifier(env, kernel);
  exports.Set("kernel", kernel);
}

} // namespace bpftime
