#include "operator/app/process.h"

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "operator/base/log.h"

namespace profiling::app {
namespace {

constexpr int kKeepFree = 128 << 10;
constexpr std::size_t kMuchFree = 4 << 20;
// A process that has been ready for this long has done its one-time work.
constexpr int kSettledSeconds = 5;

sigset_t stopSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

int releaseCode(dl_phdr_info* library, std::size_t, void*) {
  static const auto kPage = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < library->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = library->dlpi_phdr[i];
    // Writable memory has been relocated and no longer matches the file.
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (library->dlpi_addr + segment.p_vaddr) / kPage * kPage;
    const std::uintptr_t end = library->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses are numbers in program headers
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

// Returns memory that bursts left between blocks in use: malloc itself returns only the heap's end.
void returnFree() {
  const struct mallinfo2 heap = mallinfo2();
  if (heap.fordblks > kMuchFree && heap.fordblks > heap.arena / 4) malloc_trim(0);
}

// Code and constants are clean pages of files. Once unmapped, they are the first that a memory
// limit reclaims; pages used again are mapped again, sixteen at a time and without reading.
void forgetStart() {
  dl_iterate_phdr(releaseCode, nullptr);
  malloc_trim(0);
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

bool stopRequested(std::chrono::milliseconds wait) {
  const sigset_t set = stopSignals();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
  const timespec time{seconds.count(), std::chrono::nanoseconds(wait - seconds).count()};
  return sigtimedwait(&set, nullptr, &time) > 0;
}

int waitForSignal(const std::function<bool()>& ready) {
  const sigset_t set = stopSignals();
  const timespec second{1, 0};
  for (int settled = 0; settled < kSettledSeconds; settled = ready() ? settled + 1 : 0) {
    const int signal = sigtimedwait(&set, nullptr, &second);
    if (signal > 0) return signal;
  }
  forgetStart();
  const timespec minute{60, 0};
  while (true) {
    const int signal = sigtimedwait(&set, nullptr, &minute);
    if (signal > 0) return signal;
    returnFree();
  }
}

int failedStart(const Status& why) {
  if (why.code() == Code::kCancelled) {
    log::info("Stopped", {{"reason", why.message()}});
    return 0;
  }
  log::error("Start failed", {{"reason", why.message()}, {"code", codeName(why.code())}});
  return 1;
}

}  // namespace profiling::app
