// What every sub-command does to its own process before anything else.
#pragma once

#include <functional>
#include <string>

#include "operator/base/status.h"

namespace profiling::app {

// No core dumps and not dumpable (they would hold tokens and pod specs); SIGPIPE ignored;
// one malloc arena for all threads (their caches keep it uncontended; 4 MiB less in the webhook),
// which gives back what a list needed (left alone, malloc keeps more with each large block);
// and SSL_CERT_FILE=/dev/null whatever the environment says: cpprestsdk parses those roots for
// every connection (37 ms instead of 5, 0.7 MiB each) although only the cluster's own CA is
// trusted.
void hardenProcess();

std::string hostName();  // in a pod: the pod's name

// Blocks SIGTERM and SIGINT in this thread and all that it will start; waitForSignal() takes them.
void blockStopSignals();
// Asks `ready` each second until it has held for five: then gives back the memory that only the
// start needed (9 MiB of code, tables of symbols and relocations), and from then on each minute
// what bursts have left.
int waitForSignal(const std::function<bool()>& ready);

// Logs `why` and returns the exit code of a start that failed.
int failedStart(const Status& why);

}  // namespace profiling::app
