// A process without Node that loads the Node agent's native part: what it does to a process, without
// what Node does. usage: native_host NATIVE CASE
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <dlfcn.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// Node-API, as far as arm() needs it: values are pointers to numbers.
using Function = void* (*)(void* env, void* info);
static Function arm_function;
extern "C" {
int napi_get_cb_info(void*, void*, unsigned long*, void** arguments, void**, void**) {
  static int bound = 300;
  *arguments = &bound;
  return 0;
}
int napi_get_value_int32(void*, void* value, int* result) {
  *result = *static_cast<int*>(value);
  return 0;
}
int napi_create_int32(void*, int value, void** result) {
  static int kept;
  kept = value;
  *result = &kept;
  return 0;
}
int napi_create_function(void*, const char* name, unsigned long, Function function, void*,
                         void** result) {
  if (std::strcmp(name, "arm") == 0) arm_function = function;
  *result = nullptr;
  return 0;
}
int napi_set_named_property(void*, void*, const char*, void*) {
  return 0;
}
}

static int arm() {
  return *static_cast<int*>(arm_function(nullptr, nullptr));
}

static void set(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(SIGTERM, &action, nullptr);
}

static int openFiles() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

static bool readable(int fd) {
  pollfd p{fd, POLLIN, 0};
  return poll(&p, 1, 0) == 1;
}

static bool endsBySigterm(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
}

// The child of a native fork ends by SIGTERM at once, and its parent learns nothing of it.
static int forked() {
  const int fd = arm();
  const pid_t child = fork();
  if (child == 0) {
    raise(SIGTERM);
    _exit(1);
  }
  return fd >= 0 && endsBySigterm(child) && !readable(fd) ? 0 : 1;
}

static int computing() {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    if (arm() < 0) _exit(1);
    raise(SIGTERM);
    for (volatile long n = 0;; n = n + 1) {
    }
  }
  return endsBySigterm(child) ? 0 : 1;
}

static int withoutTimers() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_SIGPENDING, &none);
  const int before = openFiles();
  for (int i = 0; i < 20; ++i) {
    if (arm() >= 0) return 2;
  }
  return openFiles() == before ? 0 : 1;
}

// Another's handler is left alone; Node's own, which resets itself, and the default are not.
static int others() {
  set([](int) {}, SA_RESTART);
  if (arm() >= 0) return 1;
  set(SIG_IGN, 0);
  if (arm() >= 0) return 2;
  set([](int) {}, SA_RESETHAND);
  if (arm() < 0) return 3;
  set(SIG_DFL, 0);
  return arm() < 0 ? 4 : 0;
}

// What the program may do last: unload it.
static int unloaded(void* library) {
  if (arm() < 0) return 2;
  dlclose(library);
  raise(SIGTERM);
  sleep(60);
  return 1;
}

int main(int, char** words) {
  void* library = dlopen(words[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::puts(dlerror()), 99;
  reinterpret_cast<Function>(dlsym(library, "napi_register_module_v1"))(nullptr, nullptr);
  const char* name = words[2];
  if (std::strcmp(name, "forked") == 0) return forked();
  if (std::strcmp(name, "computing") == 0) return computing();
  if (std::strcmp(name, "withoutTimers") == 0) return withoutTimers();
  if (std::strcmp(name, "others") == 0) return others();
  if (std::strcmp(name, "unloaded") == 0) return unloaded(library);
  return 98;
}
