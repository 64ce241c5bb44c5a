#include "operator/inject/pods/refusal_event.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "operator/api/json_access.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"

namespace profiling::inject {
namespace {

constexpr std::size_t kMaxRefusalMessage = 509;  // printable() may add three bytes
constexpr std::size_t kMaxName = 253;            // of any object
constexpr std::size_t kMaxUid = 64;              // a UUID has 36 bytes

std::int64_t secondsOf(const nlohmann::json& value) {
  const auto time = parseRfc3339(api::text(value));
  if (!time) return 0;
  return std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count();
}

}  // namespace

Result<RefusalEvent> refusalFromEvent(const nlohmann::json& event) {
  using api::member;
  using api::text;
  const nlohmann::json& owner = member(event, "involvedObject");
  RefusalEvent out;
  out.namespace_ = text(member(event, "metadata", "namespace"));
  out.owner_kind = text(member(owner, "kind"));
  out.owner_name = text(member(owner, "name"));
  out.owner_uid = text(member(owner, "uid"));
  out.message = printable(text(member(event, "message")), kMaxRefusalMessage);
  out.at =
      std::max({secondsOf(member(event, "lastTimestamp")), secondsOf(member(event, "eventTime")),
                secondsOf(member(event, "series", "lastObservedTime")),
                secondsOf(member(event, "metadata", "creationTimestamp"))});
  out.event = text(member(event, "metadata", "name"));
  if (out.owner_kind.empty() || out.owner_name.empty()) {
    return Status(Code::kInvalidArgument, "involvedObject.kind or .name is missing");
  }
  if (out.owner_kind.size() > kMaxName || out.owner_name.size() > kMaxName ||
      out.owner_uid.size() > kMaxUid) {
    return Status(Code::kInvalidArgument, "involvedObject.kind, .name or .uid is too long");
  }
  return out;
}

}  // namespace profiling::inject
