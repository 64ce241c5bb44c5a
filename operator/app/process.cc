#include "operator/app/process.h"

#include <csignal>
#include <cstdlib>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace profiling::app {
namespace {

constexpr int kKeepFree = 128 << 10;

sigset_t stopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void hardenProcess() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TRIM_THRESHOLD, kKeepFree);
  (void)std::signal(SIGPIPE, SIG_IGN);
  setenv("SSL_CERT_FILE", "/dev/null", 1);
}

std::string hostName() {
  char name[256] = "";
  gethostname(name, sizeof name - 1);
  return name;
}

void blockStopSignals() {
  const sigset_t set = stopSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

int waitForSignal() {
  const sigset_t set = stopSignals();
  int signal = 0;
  sigwait(&set, &signal);
  return signal;
}

}  // namespace profiling::app
