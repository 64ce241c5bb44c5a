// The C library of an image. Admission cannot see it, and an agent that is preloaded into every
// process must fit.
#pragma once

#include <string_view>
#include <vector>

#include "operator/api/k8s/pod_view.h"
#include "operator/inject/inject.h"

namespace profiling::inject {

enum class Libc { kGlibc, kMusl };

// In this order: profiling.dev/libc, the OpenTelemetry operator's annotations of the same meaning, the
// image's name (alpine); else glibc, as most images have.
struct LibcAnswer {
  Libc libc = Libc::kGlibc;
  bool stated = false;  // by an annotation
};
LibcAnswer libcOf(const api::PodView& pod, const api::ContainerView& container);

// The annotation is "glibc" or "musl" for the whole pod, or "web=musl,worker=glibc". Wrong items are
// ignored with a warning.
void checkLibc(const api::PodView& pod, std::vector<Warning>& warnings);

}  // namespace profiling::inject
