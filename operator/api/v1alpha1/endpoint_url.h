// Where agents may send profiles. Pure.
#pragma once

#include <string_view>

namespace profiling::api {

// What is wrong with a policy's endpoint.url, in the words of the CRD's rules; empty: nothing. It
// must be http:// or https:// with a host and at most a path, in printable ASCII, and must not name
// the pod or node that the agent runs on, nor a cloud's metadata service.
std::string_view endpointProblem(std::string_view url);

// The two rules by themselves.
bool isEndpointUrl(std::string_view url);
bool isForeignHost(std::string_view url);  // of what isEndpointUrl() accepts

}  // namespace profiling::api
