// The process: constructs the parts, waits for a signal, and destroys them in order.
#pragma once

#include "webhooks/agents/scrape/settings.h"

namespace profiling::scrape {

// Runs until SIGTERM or SIGINT, which the caller blocks before the first thread starts. Then it
// aborts scrapes and sends buffered profiles, for three seconds at most. Returns kInvalidArgument
// at once if it can never reach the server (no root certificates).
Status runAgent(const Settings& settings);

// For unusable settings: idles until a signal, because a sidecar that exits makes its pod unready.
void idle();

// Blocks the signals in this thread and those that it starts.
void blockSignals();

}  // namespace profiling::scrape
