// The server's Status object and HTTP code → Status.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "operator/base/text.h"
#include "operator/kube/client.h"
#include "operator/kube/json.h"

namespace profiling::kube {
namespace {

constexpr std::size_t kMaxMessage = 400;
constexpr std::int64_t kMaxRetryAfter = 3600;  // seconds; a server that asks for more is mistaken

struct ServerStatus {
  std::string reason;
  std::string message;
  std::optional<std::int64_t> retry_after;
};

std::string text(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

ServerStatus readStatus(std::string_view body) {
  ServerStatus s;
  const Result<nlohmann::json> json = parseJson(body);
  if (!json.ok() || !json->is_object() || text(*json, "kind") != "Status") return s;
  s.reason = text(*json, "reason");
  s.message = text(*json, "message");
  if (const auto details = json->find("details"); details != json->end() && details->is_object()) {
    const auto seconds = details->find("retryAfterSeconds");
    if (seconds != details->end() && seconds->is_number_integer()) {
      s.retry_after = seconds->get<std::int64_t>();
    }
  }
  return s;
}

// Only the form in seconds: the API server never sends a date.
std::optional<std::int64_t> parseSeconds(std::string_view header) {
  header = trim(header);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  if (error != std::errc() || end != header.data() + header.size()) return std::nullopt;
  return seconds;
}

// kube-apiserver (1.34) answers 500 without a reason to a server-side apply of a field that is not
// in the schema; a retry would fail alike.
bool isTypedPatchError(int http, std::string_view message) {
  return http == 500 && message.starts_with("failed to create typed patch object");
}

// HTTP codes that the API server uses in its own way.
Code codeOf(int http, std::string_view reason) {
  switch (http) {
    case 409:
      return reason == "AlreadyExists" ? Code::kAlreadyExists : Code::kConflict;
    case 410:
      return Code::kGone;
    case 413:
      return Code::kTooLarge;
    case 408:
    case 504:
      return Code::kDeadlineExceeded;
    default:
      return net::codeOf(http);
  }
}

}  // namespace

Status statusOf(const net::Response& response) {
  if (response.status >= 200 && response.status < 300) return {};
  const ServerStatus server = readStatus(response.body);
  std::string message = "HTTP " + std::to_string(response.status);
  if (!server.reason.empty()) message += " " + printable(server.reason, 60);
  if (!server.message.empty()) message += ": " + printable(server.message, kMaxMessage);
  if (response.status >= 300 && response.status < 400) message += ": redirects are not followed";

  const Code code = isTypedPatchError(response.status, server.message)
                        ? Code::kInvalidArgument
                        : codeOf(response.status, server.reason);
  Status status(code, std::move(message));
  std::optional<std::int64_t> wait = parseSeconds(response.retry_after);
  if (!wait) wait = server.retry_after;
  if (wait && *wait > 0) {
    return std::move(status).withRetryAfter(std::chrono::seconds(std::min(*wait, kMaxRetryAfter)));
  }
  return status;
}

}  // namespace profiling::kube
