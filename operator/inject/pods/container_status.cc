#include "operator/inject/pods/container_status.h"

#include <algorithm>

#include "operator/api/k8s/dom.h"

namespace profiling::inject {
namespace {

using api::element;
using api::textOf;

// Waiting for these is part of every start.
bool starts(std::string_view reason) {
  return reason.empty() || reason == "ContainerCreating" || reason == "PodInitializing";
}

bool isPullFailure(std::string_view reason) {
  return reason == "ErrImagePull" || reason == "ImagePullBackOff" || reason == "InvalidImageName" ||
         reason == "ErrImageNeverPull" || reason == "RegistryUnavailable" ||
         reason == "SignatureValidationFailed";
}

struct State {
  std::string_view waiting, waiting_message;
  std::optional<std::int64_t> exit_code;  // of `terminated`
  std::string_view reason, message, finished;

  bool failed() const { return exit_code.value_or(0) != 0; }
};

// "docker.io/library/nginx@sha256:…" or "sha256:…"; empty before the image is there.
std::string_view digestOf(std::string_view image_id) {
  constexpr std::size_t kLongest = 140;  // sha512, in hexadecimal
  image_id.remove_prefix(std::min(image_id.rfind('@') + 1, image_id.size()));
  const bool digest = image_id.starts_with("sha256:") || image_id.starts_with("sha512:");
  return digest && image_id.size() <= kLongest ? image_id : std::string_view();
}

State stateOf(element e) {
  State out;
  api::eachField(e, [&](std::string_view state, element inner) {
    api::eachField(inner, [&](std::string_view key, element value) {
      if (state == "waiting") {
        if (key == "reason") out.waiting = textOf(value);
        if (key == "message") out.waiting_message = textOf(value);
      } else if (state == "terminated") {
        std::int64_t code = 0;
        if (key == "exitCode" && value.get(code) == simdjson::SUCCESS) out.exit_code = code;
        if (key == "reason") out.reason = textOf(value);
        if (key == "message") out.message = textOf(value);
        if (key == "finishedAt") out.finished = textOf(value);
      }
    });
  });
  return out;
}

}  // namespace

void ContainerStatuses::offer(const FailureView& failure, bool now, std::string_view finished) {
  const int rank = now ? (failure.init ? 3 : 2) : 1;
  if (rank < rank_ || (rank == rank_ && (now || finished <= finished_))) return;
  rank_ = rank;
  failure_ = failure;
  finished_ = finished;
}

void ContainerStatuses::readOne(element status, bool init) {
  simdjson::dom::object object;
  if (status.get(object) != simdjson::SUCCESS) return;
  FailureView failure;
  failure.init = init;
  State now;
  State last;
  AgentImageView image;
  for (const auto field : object) {
    std::int64_t count = 0;
    if (field.key == "name") {
      failure.container = textOf(field.value);
    } else if (field.key == "restartCount") {
      // Bounded, so that no sum of them overflows.
      if (field.value.get(count) == simdjson::SUCCESS && count > 0) {
        restarts_ += std::min<std::int64_t>(count, 1'000'000'000);
      }
    } else if (field.key == "imageID") {
      image.pulled = !textOf(field.value).empty();
      failure.image = digestOf(textOf(field.value));
    } else if (field.key == "image") {
      image.image = textOf(field.value);
    } else if (field.key == "state") {
      now = stateOf(field.value);
    } else if (field.key == "lastState") {
      last = stateOf(field.value);
    }
  }
  if (!failure.image.empty() && !isOurs(init, failure.container)) images_.push_back(failure.image);
  if (isOurs(init, failure.container)) {
    image.failed = isPullFailure(now.waiting);
    agent_images_.push_back(image);
  }
  const auto ended = [&](const State& state) {
    failure.exit_code = state.exit_code;
    failure.reason = state.reason;
    failure.message = state.message;
    return failure;
  };
  if (now.failed()) {
    offer(ended(now), true, now.finished);
  } else if (now.waiting == "CrashLoopBackOff" && last.failed()) {
    offer(ended(last), true, last.finished);
  } else if (!starts(now.waiting)) {
    failure.reason = now.waiting;
    failure.message = now.waiting_message;
    offer(failure, true, {});
  } else if (last.failed()) {
    offer(ended(last), false, last.finished);
  }
}

void ContainerStatuses::read(element statuses, bool init) {
  api::eachItem(statuses, [&](element status) { readOne(status, init); });
}

}  // namespace profiling::inject
