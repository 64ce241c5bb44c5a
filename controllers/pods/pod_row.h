// Encodes a pod's fields for PodTable, and decodes them. Pure.
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

// nullopt: not a UUID in its usual form (lower case), so uidText() could not restore it.
std::optional<Uid> uidOf(std::string_view text);
std::string uidText(const Uid& uid);

// A failure as text that pods with the same failure share; empty: none. Reason and message are cut
// because a container may have written them.
std::string failureText(const std::optional<inject::FailureView>& failure);
std::optional<engine::Failure> failureOf(std::string_view text);

// The pod with at most kMaxLabels labels of kMaxLabelBytes together, those that name its revision first,
// and with annotations and owner as long as they can mean something. A namespace's users write them, and
// a pod with 4 000 labels would take a megabyte. Policies do not select by labels beyond that here.
inline constexpr std::size_t kMaxLabels = 128;
inline constexpr std::size_t kMaxLabelBytes = 8 * 1024;
inject::PodFacts bounded(inject::PodFacts pod);

// The part of an engine::Pod that all pods of a class share.
engine::Pod podOf(const std::vector<api::KeyValueView>& labels, std::uint8_t flags);

}  // namespace profiling::controllers
