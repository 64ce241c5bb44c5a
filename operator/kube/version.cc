#include "operator/kube/version.h"

#include <charconv>

#include "operator/api/json_access.h"
#include "operator/base/stop.h"
#include "operator/kube/json.h"

namespace profiling::kube {
namespace {

constexpr std::chrono::milliseconds kDeadline{5'000}, kPause{500};
constexpr int kFirstMinor = 29 + 3;

Result<int> numberOf(const nlohmann::json& version, const char* field) {
  const std::string text = api::text(api::member(version, field));
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end != text.data()) return number;
  return Status(Code::kInternal, std::string("/version has no number as '") + field + "'");
}

}  // namespace

Result<ServerVersion> parseVersion(std::string_view json) {
  const auto version = parseJson(json);
  if (!version.ok()) return version.status();
  const auto major = numberOf(*version, "major"), minor = numberOf(*version, "minor");
  if (!major.ok()) return major.status();
  if (!minor.ok()) return minor.status();
  return ServerVersion{*major, *minor};
}

Result<ServerVersion> readVersion(net::HttpClient& http, std::chrono::milliseconds patience,
                                  const std::stop_token& stop) {
  net::Request request;
  request.target = "/version";
  const auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    const auto response = http.send(request, kDeadline, stop);
    if (response.ok() && response->status == 200) return parseVersion(response->body);
    if (stop.stop_requested() || std::chrono::steady_clock::now() >= until) {
      if (!response.ok()) return response.status();
      return Status(net::codeOf(response->status),
                    "GET /version was answered with " + std::to_string(response->status));
    }
    sleepFor(stop, kPause);
  }
}

bool allNodesHaveNativeSidecars(const ServerVersion& version) {
  return version.major > 1 || (version.major == 1 && version.minor >= kFirstMinor);
}

}  // namespace profiling::kube
