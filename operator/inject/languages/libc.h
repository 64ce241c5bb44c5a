// Which C library an image has. Nothing tells at admission, and an agent that is preloaded into
// every process must fit.
#pragma once

#include <string_view>
#include <vector>

#include "operator/api/k8s/pod_view.h"
#include "operator/inject/inject.h"

namespace profiling::inject {

enum class Libc { kGlibc, kMusl };

// Who said it counts in this order: profiling.dev/libc, the OpenTelemetry operator's annotations of
// the same meaning, the image's name (alpine); else glibc, as most images have.
struct LibcAnswer {
  Libc libc = Libc::kGlibc;
  bool stated = false;  // by an annotation
};
LibcAnswer libcOf(const api::PodView& pod, const api::ContainerView& container);

// The annotation is "glibc" or "musl" for the whole pod, or "web=musl,worker=glibc". What is wrong
// with it is ignored, with a warning.
void checkLibc(const api::PodView& pod, std::vector<Warning>& warnings);

}  // namespace profiling::inject
