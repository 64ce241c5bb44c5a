// profiling-operator: one binary, one sub-command for each process of the product.
#include <exception>
#include <variant>

#include "operator/app/process.h"
#include "operator/app/run.h"
#include "operator/base/log.h"

namespace {

using namespace profiling::app;  // NOLINT(google-build-using-namespace): the composition root

struct Runner {
  int operator()(const WebhookOptions& options) const { return runWebhook(options); }
  int operator()(const ControllerOptions& options) const { return runController(options); }
  int operator()(const CheckWebhookOptions& options) const { return runCheckWebhook(options); }
};

}  // namespace

int main(int argc, char** argv) {
  hardenProcess();
  const Options options = parseOptions(argc, argv);
  blockStopSignals();
  try {
    return std::visit(Runner{}, options);
  } catch (const std::exception& e) {
    profiling::log::error("Stopped by an exception", {{"error", e.what()}});
    return 1;
  }
}
