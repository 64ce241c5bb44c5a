// What JavaScript cannot do: have V8 note inlined functions, shorten a thread's turns, and catch SIGTERM.
//
// V8 notes which functions it compiled into others only while it is profiled, or where it was asked to
// before. Otherwise the CPU time of code that was compiled before the profiler starts is its caller's.
//
// arm() catches SIGTERM in a Node process whose application does not, so that the last profile can be sent.
//
// A listener of JavaScript (process.on) runs only when the event loop turns: a process that computes would
// not end by SIGTERM any more. It also changes what the application counts as its listeners. So the
// handler here puts back the action that was there, has the kernel raise SIGTERM again after a second, and
// wakes the loop through a pipe. The process ends in any case. As soon as the application listens itself,
// libuv replaces this handler.
//
// It takes the place of two actions only: the kernel's default, and Node's own, which resets the terminal
// and ends the process. Whoever else handles SIGTERM (another add-on, libuv for it) gets it at once.
//
// Calls the kernel directly and needs no C library, so that one file serves glibc and musl.

// The functions of Node-API that are used; its ABI is stable, so no header is needed.
using napi_env = struct Env*;
using napi_value = struct Value*;
using napi_callback_info = struct Info*;
extern "C" {
int napi_get_cb_info(napi_env, napi_callback_info, unsigned long* count, napi_value* arguments,
                     napi_value* self, void** data);
int napi_get_value_int32(napi_env, napi_value, int* result);
int napi_create_int32(napi_env, int value, napi_value* result);
int napi_create_function(napi_env, const char* name, unsigned long length,
                         napi_value (*)(napi_env, napi_callback_info), void* data,
                         napi_value* result);
int napi_set_named_property(napi_env, napi_value object, const char* name, napi_value value);
}

// Two functions of V8, by the names that node exports them under; null where a version has none.
struct Isolate;
extern "C" {
__attribute__((weak)) Isolate* currentIsolate() asm("_ZN2v87Isolate10GetCurrentEv");
__attribute__((weak)) void noteInlined(Isolate*) asm(
    "_ZN2v811CpuProfiler38UseDetailedSourcePositionsForProfilingEPNS_7IsolateE");
}

namespace {

constexpr long kWrite = 1, kSigaction = 13, kGetpid = 39, kKill = 62;
constexpr long kSchedSetattr = 314, kSchedGetattr = 315;
constexpr long kTimerCreate = 222, kTimerSettime = 223, kTimerDelete = 226, kPipe2 = 293;
constexpr int kSigterm = 15, kMonotonic = 1, kNonblockCloexec = 02000000 | 04000;
constexpr unsigned long kRestart = 0x10000000, kRestorer = 0x04000000, kMaskBytes = 8;
// A thread that has a stack for signals wants it used; add-ons in Go depend on it.
constexpr unsigned long kOnStack = 0x08000000;
// Node sets its own action with this flag, libuv and others do not.
constexpr unsigned long kResetHandler = 0x80000000;

// The kernel's structures, not the C library's.
struct Action {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  unsigned long mask;
};
struct Event {
  long value;
  int signal, notify;
  int rest[12];
};
struct Timer {
  long interval_seconds, interval_nanos, seconds, nanos;
};

struct Scheduling {
  unsigned size, policy;
  unsigned long flags;
  int nice;
  unsigned priority;
  unsigned long runtime, deadline, period;
};
constexpr unsigned kOrdinary = 0;
constexpr unsigned long kShortTurn = 100'000;  // nanoseconds, the least that the kernel grants

int wake_read = -1, wake_write = -1, timer_id = -1;
long armed_process = 0;
Timer delay{};
Action before{};

long call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  long result = number;
  register long fourth asm("r10") = d;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(a), "S"(b), "d"(c), "r"(fourth)
               : "rcx", "r11", "memory");
  return result;
}

long pointer(const void* p) {
  return reinterpret_cast<long>(p);
}

// Runs on any thread, between any two instructions.
void onSigterm(int) {
  call(kSigaction, kSigterm, pointer(&before), 0, kMaskBytes);
  const long process = call(kGetpid);
  // A child that an add-on forked shares the pipe with its parent, and has no timer.
  const bool later =
      process == armed_process && call(kTimerSettime, timer_id, 0, pointer(&delay)) == 0;
  if (later) {
    call(kWrite, wake_write, pointer("t"), 1);
  } else {
    call(kKill, process, kSigterm);
  }
}

// The kernel may have no timer to give (RLIMIT_SIGPENDING). It is asked again every few seconds, so nothing
// may stay open.
bool prepare() {
  if (wake_read >= 0) return true;
  Event event{};
  event.signal = kSigterm;
  if (call(kTimerCreate, kMonotonic, pointer(&event), pointer(&timer_id)) != 0) return false;
  int ends[2];
  if (call(kPipe2, pointer(ends), kNonblockCloexec) != 0) {
    call(kTimerDelete, timer_id);
    return false;
  }
  wake_read = ends[0];
  wake_write = ends[1];
  return true;
}

bool replaceable(const Action& action) {
  return action.handler == nullptr || (reinterpret_cast<unsigned long>(action.handler) > 1 &&
                                       (action.flags & kResetHandler) != 0);
}

}  // namespace

// Returns from a signal handler; the kernel needs it on this architecture. Debuggers and unwinders know
// it by these very bytes.
asm(".text\n"
    ".type last_signal_return, @function\n"
    ".hidden last_signal_return\n"
    "last_signal_return:\n"
    "  mov $15, %rax\n"
    "  syscall\n");
extern "C" void last_signal_return();

namespace {

// The only argument, a whole number; 0 without one.
int argumentOf(napi_env env, napi_callback_info info) {
  unsigned long count = 1;
  napi_value argument{};
  int value = 0;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_int32(env, argument, &value);
  return value;
}

napi_value number(napi_env env, int value) {
  napi_value result{};
  napi_create_int32(env, value, &result);
  return result;
}

// noteInlined(): from now on, for all code that is compiled.
napi_value noteInlinedFunctions(napi_env env, napi_callback_info) {
  Isolate* isolate = currentIsolate != nullptr ? currentIsolate() : nullptr;
  if (isolate != nullptr && noteInlined != nullptr) noteInlined(isolate);
  return number(env, isolate != nullptr ? 1 : 0);
}

// shortTurns(thread): has the kernel end the thread's turns early, and so let it begin them early. Returns whether it
// did; not for a thread that the application schedules in a way of its own.
napi_value shortTurns(napi_env env, napi_callback_info info) {
  const int thread = argumentOf(env, info);
  Scheduling now{};
  bool done = thread > 0 && call(kSchedGetattr, thread, pointer(&now), sizeof(now)) == 0 &&
              now.policy == kOrdinary;
  if (done) {
    now.runtime = kShortTurn;
    done = call(kSchedSetattr, thread, pointer(&now)) == 0;
  }
  return number(env, done ? 1 : 0);
}

// arm(milliseconds): the descriptor that becomes readable at SIGTERM; -1 if another handles or ignores
// SIGTERM, or if it cannot be done now. For a process whose application does not listen to SIGTERM.
napi_value arm(napi_env env, napi_callback_info info) {
  const int milliseconds = argumentOf(env, info);
  Action now{};
  int fd = -1;
  if (milliseconds > 0 && call(kSigaction, kSigterm, 0, pointer(&now), kMaskBytes) == 0) {
    if (now.handler == onSigterm) {
      fd = wake_read;
    } else if (replaceable(now) && prepare()) {
      before = now;
      armed_process = call(kGetpid);
      delay.seconds = milliseconds / 1000;
      delay.nanos = milliseconds % 1000 * 1'000'000L;
      const Action ours{onSigterm, kRestart | kRestorer | kOnStack, last_signal_return, 0};
      if (call(kSigaction, kSigterm, pointer(&ours), 0, kMaskBytes) == 0) fd = wake_read;
    }
  }
  return number(env, fd);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(
    napi_env env, napi_value exports) {
  napi_value function{};
  if (napi_create_function(env, "arm", 3, arm, nullptr, &function) == 0)
    napi_set_named_property(env, exports, "arm", function);
  if (napi_create_function(env, "noteInlined", 11, noteInlinedFunctions, nullptr, &function) == 0)
    napi_set_named_property(env, exports, "noteInlined", function);
  if (napi_create_function(env, "shortTurns", 10, shortTurns, nullptr, &function) == 0)
    napi_set_named_property(env, exports, "shortTurns", function);
  return exports;
}
