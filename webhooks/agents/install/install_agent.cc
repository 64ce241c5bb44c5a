// install-agent [--from DIR] [--flush] DESTINATION
// The entry point of the agent images: see installer.h.
#include <chrono>
#include <cstdio>
#include <cstring>

#include "webhooks/agents/install/installer.h"

namespace {

constexpr char kUsage[] =
    "usage: install-agent [--from DIR] [--flush] DESTINATION\n"
    "  DESTINATION  absolute path of the folder to make, e.g. /profiling-agent/java\n"
    "  --from DIR   the agent's files with their manifest (default /agent)\n"
    "  --flush      wait until the files are on disk before they become visible\n"
    "exit codes: 0 installed or already there, 2 usage, 3 the image is damaged, 4 the volume is\n"
    "full or not writable\n";

int usage(const char* what, const char* value) {
  (void)std::fprintf(stderr, "install-agent: %s%s\n%s", what, value, kUsage);
  return static_cast<int>(profiling::agents::InstallOutcome::kUsage);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace profiling::agents;
  InstallRequest request;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--from") == 0) {
      if (++i == argc) return usage("--from needs a folder", "");
      request.from = argv[i];
    } else if (std::strcmp(argv[i], "--flush") == 0) {
      request.flush = true;
    } else if (argv[i][0] == '-') {
      return usage("unknown option ", argv[i]);
    } else if (!request.to.empty()) {
      return usage("more than one destination: ", argv[i]);
    } else {
      request.to = argv[i];
    }
  }
  while (request.to.size() > 1 && request.to.back() == '/') request.to.pop_back();
  if (request.to.size() < 2 || request.to.front() != '/') {
    return usage("the destination must be an absolute path, got ",
                 request.to.empty() ? "none" : request.to.c_str());
  }

  auto started = std::chrono::steady_clock::now();
  InstallReport report = install(request);
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                                  started);
  if (!report.error.empty()) {
    (void)std::fprintf(stderr, "install-agent: %s\n", report.error.c_str());
    return static_cast<int>(report.outcome);
  }
  std::printf("install-agent: %s %s: %llu bytes, %llu files, %lld ms\n",
              report.outcome == InstallOutcome::kAlreadyThere ? "already in" : "installed in",
              request.to.c_str(), static_cast<unsigned long long>(report.bytes),
              static_cast<unsigned long long>(report.files), static_cast<long long>(ms.count()));
  return 0;
}
