// Writes AdmissionReview responses. Pods are always allowed; only an object of ours with wrong
// values is denied.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace profiling::admission {

// The API server cuts warnings at 256 characters each and 4096 in all; ours stay below, so that
// none is cut (k8s.io/apiserver, admission webhooks' "Warnings" limits).
inline constexpr std::size_t kMaxWarningBytes = 240;
inline constexpr std::size_t kMaxWarningsBytes = 4096;

// `patch` is a JSON Patch document; empty: the object stays unchanged (patch and patchType are both
// absent then, as the API server requires).
std::string allowedResponse(std::string_view uid, std::string_view patch = {},
                            const std::vector<std::string>& warnings = {});

// Denied as 422 Invalid, with a message of at most kMaxMessageBytes.
inline constexpr std::size_t kMaxMessageBytes = 1024;
std::string deniedResponse(std::string_view uid, std::string_view message);

}  // namespace profiling::admission
