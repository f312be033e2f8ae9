#include "contain.h"

#include <mutex>

#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/ErrorHandling.h"

using namespace llvm;

namespace bpftime {

// Recursive passes over 100,000 instructions have been seen to need tens of megabytes; pages that
// are not touched cost nothing.
static constexpr unsigned stackSize = 256u << 20;

static std::mutex oneAtATime;
static std::string *messageOfRun;

static void onFatalError(void *, const char *reason, bool) {
  if (messageOfRun) *messageOfRun = reason;
  if (auto *context = CrashRecoveryContext::GetCurrent()) context->HandleExit(70);
}

bool runContained(function_ref<void()> work, std::string &error) {
  // Signal handlers belong to the whole process; workers of Node take turns.
  std::lock_guard<std::mutex> lock(oneAtATime);
  std::string message;
  messageOfRun = &message;
  install_fatal_error_handler(onFatalError);
  CrashRecoveryContext::Enable();
  CrashRecoveryContext context;
  bool finished = context.RunSafelyOnThread(work, stackSize);
  CrashRecoveryContext::Disable();
  remove_fatal_error_handler();
  messageOfRun = nullptr;
  if (finished) return true;
  error = message.empty() ? "LLVM crashed (code " + std::to_string(context.RetCode) + ")"
                          : "LLVM gave up: " + message;
  return false;
}

} // namespace bpftime
