#include <cstdlib>
#include <iostream>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

#include "operator/base/log.h"
#include "operator/cli/cli.h"
#include "operator/cli/terminal_text.h"
#include "operator/kube/config.h"
#include "operator/net/cpprest/client.h"

namespace profiling::cli {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

// NO_COLOR as in no-color.org.
Screen standardScreen() {
  Screen screen{std::cout, std::cerr, {}};
  if (isatty(STDOUT_FILENO) == 0 || environment("TERM") == "dumb") return screen;
  screen.terminal = true;
  screen.style.colour = environment("NO_COLOR").empty();
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view locale = environment(name);
    if (locale.empty()) continue;
    screen.style.unicode = locale.find("UTF-8") != std::string_view::npos ||
                           locale.find("utf8") != std::string_view::npos;
    break;
  }
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    screen.style.width = size.ws_col;
    screen.style.height = size.ws_row;
  }
  return screen;
}

}  // namespace

int runProgram(const std::string& program, std::vector<std::string> arguments) {
  TerminalStream out(std::cout);
  TerminalStream err(std::cerr);
  auto parsed = parseOptions(program, std::move(arguments), out, err);
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  const auto& options = std::get<Options>(parsed);
  // Problems of a watch, such as a refused request, are reported only in the log.
  log::init(options.watch ? log::Level::kWarn : log::Level::kError, log::Format::kText);
  // cpprestsdk would read all system CAs for each connection; only the cluster's CA is trusted.
  setenv("SSL_CERT_FILE", "/dev/null", 1);

  const auto fail = [&](const Status& why) {
    err << "error: " << why.message() << "\n";
    return 1;
  };
  if (worksOffline(options)) return run(options, nullptr, standardScreen());
  const auto config =
      kube::loadConfig(options.kubeconfig, options.context, kube::Prefer::kKubeconfig);
  if (!config.ok()) return fail(config.status());
  net::cpprest::ClientOptions client{static_cast<const net::ServerAccess&>(*config)};
  client.inactivity = std::chrono::seconds(640);  // a watch may be silent for this long
  const auto http = net::cpprest::makeClient(std::move(client));
  if (!http.ok()) return fail(http.status());
  ApiServer server(**http, options.namespace_.empty() ? config->namespace_ : options.namespace_,
                   options.request_timeout);
  return run(options, &server, standardScreen());
}

}  // namespace profiling::cli
