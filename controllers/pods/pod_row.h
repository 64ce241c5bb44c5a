// What PodTable keeps of one pod in its compact form, and back. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/engine/world.h"
#include "controllers/pods/pod_group.h"
#include "operator/api/k8s/pod_view.h"

namespace profiling::controllers {

using Uid = std::array<std::uint8_t, 16>;

// nullopt: it is no UUID in its usual form (lower case), so uidText() would not give it back.
std::optional<Uid> uidOf(std::string_view text);
std::string uidText(const Uid& uid);

// One text of a failure, so that pods which fail alike share it; empty: none. Reason and message
// are cut: they may hold what a container wrote.
std::string failureText(const std::optional<FailureView>& failure);
std::optional<engine::Failure> failureOf(std::string_view text);

// The part of an engine::Pod that all pods of a class share.
engine::Pod podOf(const std::vector<api::KeyValueView>& labels, std::uint8_t flags);

}  // namespace profiling::controllers
