// The process: makes the parts, waits for a signal, and takes them down in order.
#pragma once

#include "webhooks/agents/scrape/settings.h"

namespace profiling::scrape {

// Until SIGTERM or SIGINT, which the caller has blocked before the first thread was made. Then the
// scrapes are broken off and what waits is sent, for three seconds at most. kInvalidArgument, at
// once, when the server cannot be spoken to at all (no root certificates).
Status runAgent(const Settings& settings);

// For settings with which nothing can be done: a sidecar that ends makes its pod unready, so it
// stays, and does nothing until it is told to end.
void idle();

// Blocks the signals in this thread and all that it makes.
void blockSignals();

}  // namespace profiling::scrape
