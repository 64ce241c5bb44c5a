// profiling-agent scrape [OPTION…]: the sidecar for applications that serve pprof. See settings.h.
#include <cstdio>
#include <cstdlib>
#include <malloc.h>
#include <string_view>
#include <vector>

#include "operator/base/log.h"
#include "webhooks/agents/scrape/agent.h"

namespace {

using namespace profiling;

int usage(const char* what) {
  std::FILE* out = what == nullptr ? stdout : stderr;
  if (what != nullptr) (void)std::fprintf(out, "profiling-agent: %s\n", what);
  (void)std::fprintf(
      out,
      "usage: profiling-agent scrape [OPTION…]\n"
      "Scrapes the pprof profiles of the application beside it and pushes them to a\n"
      "Pyroscope server until SIGTERM. Each option may come as a variable, too:\n");
  for (const scrape::Option& o : scrape::options()) {
    (void)std::fprintf(out, "  %-20s %-27s %s\n", std::string(o.flag).c_str(),
                       std::string(o.variable).c_str(), std::string(o.help).c_str());
  }
  (void)std::fprintf(
      out,
      "Only as variables: PYROSCOPE_BASIC_AUTH_USER, PYROSCOPE_BASIC_AUTH_PASSWORD,\n"
      "PYROSCOPE_AUTH_TOKEN, PYROSCOPE_AGENT_ENABLED, SSL_CERT_FILE.\n"
      "With settings that make no sense it says so, then waits for SIGTERM and does nothing: a\n"
      "sidecar that ends makes its pod unready.\n"
      "exit codes: 0 ended by a signal, 2 usage\n");
  return what == nullptr ? 0 : 2;
}

std::optional<std::string> fromEnvironment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  if (!words.empty() && (words[0] == "--help" || words[0] == "-h")) return usage(nullptr);
  if (!words.empty() && words[0] == "--version") {
    (void)std::puts("profiling-agent " PROFILING_VERSION);
    return 0;
  }
  if (words.empty() || words[0] != "scrape") return usage("there is one command, scrape");
  const std::vector<std::string_view> flags(words.begin() + 1, words.end());
  if (!flags.empty() && (flags[0] == "--help" || flags[0] == "-h")) return usage(nullptr);
  const auto environment = scrape::withFlags(fromEnvironment, flags);
  if (!environment.ok()) return usage(environment.status().message().c_str());

  // Profiles are a few large blocks now and then: one arena, and blocks that free() returns to the
  // system.
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_THRESHOLD, 64 * 1024);
  ::mallopt(M_TRIM_THRESHOLD, 256 * 1024);
  scrape::blockSignals();
  log::init(log::Level::kInfo, log::Format::kText);

  const auto settings = scrape::readSettings(*environment);
  Status done = settings.status();
  if (settings.ok()) {
    log::setLevel(settings->log_level);
    if (!settings->enabled) {
      log::info("Switched off by PYROSCOPE_AGENT_ENABLED, nothing is profiled");
      scrape::idle();
      return 0;
    }
    done = scrape::runAgent(*settings);
  }
  if (!done.ok()) {
    log::error("Nothing is profiled", {{"reason", done.message()}});
    scrape::idle();
  }
  return 0;
}
