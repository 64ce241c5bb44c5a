// How every sub-command prepares its own process.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "operator/base/status.h"

namespace profiling::app {

// No core dumps and not dumpable (they would hold tokens and pod specs); SIGPIPE ignored; one
// malloc arena for all threads (their caches keep it uncontended; 4 MiB less in the webhook), which
// returns the memory of a list (by default malloc keeps more with each large block); and
// SSL_CERT_FILE=/dev/null regardless of the environment: cpprestsdk parses those roots for every
// connection (37 ms instead of 5, 0.7 MiB each) although only the cluster's own CA is trusted.
void hardenProcess();

std::string hostName();  // in a pod: the pod's name

// Blocks SIGTERM and SIGINT in this thread and its future threads; waitForSignal() takes them.
void blockStopSignals();
// Whether SIGTERM or SIGINT arrived or does so within `wait`. It is then taken.
bool stopRequested(std::chrono::milliseconds wait);
// Calls `ready` each second until it has held for five: then returns the memory that only the start
// needed (9 MiB of code, tables of symbols and relocations), and from then on each minute the
// memory that bursts have left.
int waitForSignal(const std::function<bool()>& ready);

// Logs `why` and returns the exit code of a failed start: 0 if the process had to stop.
int failedStart(const Status& why);

}  // namespace profiling::app
