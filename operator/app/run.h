// The sub-commands. Each returns the process's exit code and logs why it failed.
#pragma once

#include "operator/app/options.h"

namespace profiling::app {

int runWebhook(const WebhookOptions& options);
int runController(const ControllerOptions& options);
int runCheckWebhook(const CheckWebhookOptions& options);

}  // namespace profiling::app
