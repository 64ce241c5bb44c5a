// profiling-operator: one binary, one sub-command for each process of the product.
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "operator/app/process.h"
#include "operator/app/run.h"
#include "operator/base/log.h"
#include "operator/cli/cli.h"

namespace {

using namespace profiling::app;  // NOLINT(google-build-using-namespace): the composition root

struct Runner {
  int operator()(const WebhookOptions& options) const { return runWebhook(options); }
  int operator()(const ControllerOptions& options) const { return runController(options); }
  int operator()(const CheckWebhookOptions& options) const { return runCheckWebhook(options); }
};

// For interactive use: signals end it as any tool, and errors go to stderr without a log.
int runCli(std::vector<std::string> arguments) {
  try {
    return profiling::cli::runProgram("profiling-operator cli", std::move(arguments));
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << "\n";
    return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  hardenProcess();
  if (argc > 1 && std::string_view(argv[1]) == "cli") return runCli({argv + 2, argv + argc});
  const Options options = parseOptions(argc, argv);
  blockStopSignals();
  try {
    return std::visit(Runner{}, options);
  } catch (const std::exception& e) {
    profiling::log::error("Stopped by an exception", {{"error", e.what()}});
    return 1;
  }
}
