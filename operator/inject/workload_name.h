// Names of services that stay the same from one run of a task to the next.
#pragma once

#include <string>
#include <string_view>

#include "operator/inject/inject.h"

namespace profiling::inject {

// The task that a workflow engine runs the pod for, by the labels that it sets: Airflow, Argo
// Workflows, Tekton, Spark, KEDA, Knative. Empty: none.
std::string taskName(const api::PodView& pod);

// The name without what a generator added: random letters and digits, times, counters. Empty where
// nothing is left. "load-7f3k9q2x" is "load", and "load-python3" stays.
std::string_view stableStem(std::string_view name);

// The workload's name where its kind keeps it from one run to the next, else its stable part.
std::string_view stableName(const Workload& workload, const api::PodView& pod);

}  // namespace profiling::inject
