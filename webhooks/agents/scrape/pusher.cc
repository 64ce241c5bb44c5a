#include "webhooks/agents/scrape/pusher.h"

#include <algorithm>

#include "operator/base/log.h"
#include "operator/base/text.h"

namespace profiling::scrape {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kConnecting{10};
// The server answers once the profile is stored, mostly within a second. It gives up after its write
// timeout, 30 s; until then an answer may come.
constexpr seconds kPatience{40};
constexpr std::size_t kMaxAnswer = 64 * 1024;

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

// Whether the profile may have caused the answer.
bool aboutContent(int status) {
  return status >= 400 && status != 401 && status != 403 && status != 408 && status != 429 &&
         (status < 502 || status > 504);
}

}  // namespace

Pusher::Pusher(const Settings& settings, std::shared_ptr<const TlsContext> tls, Buffer& buffer)
    : buffer_(buffer),
      settings_(settings),
      client_(settings.server, std::move(tls), settings.server_headers, kMaxAnswer),
      backoff_({.base = milliseconds(1000), .cap = milliseconds(60'000)}) {
}

PushTotals Pusher::run(const Cancel& closing, const Cancel& abort) {
  while (!gave_up_ && !abort.fired()) {
    // A connection that rests may be closed while the next profile is on its way.
    if (buffer_.size() == 0) client_.disconnect();
    if (!buffer_.wait(now() + std::chrono::hours(1))) {
      if (buffer_.closed()) break;
      continue;
    }
    auto next = buffer_.take();
    if (next) push(*std::move(next), closing, abort);
    if (const std::uint64_t dropped = buffer_.dropped(); dropped != dropped_reported_) {
      if (drops_.now(now())) {
        log::warn("Oldest profiles dropped, the buffer is full",
                  {{"dropped", dropped - dropped_reported_}, {"waiting", buffer_.size()}});
        dropped_reported_ = dropped;
      }
    }
  }
  totals_.left = buffer_.size();
  return totals_;
}

Result<HttpResponse> Pusher::send(const std::string& body, const Cancel& abort, bool& sent) {
  sent = false;
  if (Status s = client_.connect(now() + kConnecting, abort); !s.ok()) return s;
  auto response = client_.send({"POST", std::string(kPushPath), "application/proto", body},
                               now() + kPatience, abort);
  sent = client_.sent();
  return response;
}

void Pusher::push(Outgoing profile, const Cancel& closing, const Cancel& abort) {
  const bool last = closing.fired();  // one that began earlier is tried once more
  bool sent = false;
  auto answer = send(encodePush(profile, settings_.labels), abort, sent);
  const Status failure = answer.status();
  const HttpResponse response = answer.ok() ? *std::move(answer) : HttpResponse{};
  const int status = response.status;
  const std::string why =
      status != 0 ? "status " + std::to_string(status) + ": " + printable(response.body, 200)
                  : failure.toString();
  switch (judge(status, sent, profile.attempts)) {
    case Verdict::kStored:
      ++totals_.stored;
      backoff_.reset();
      if (!reported_) log::info("Profiles arrive", {{"server", settings_.server.text()}});
      reported_ = true;
      complaints_.over();
      return;
    case Verdict::kUnknown:
      reported_ = false;
      ++totals_.unknown;
      return complain("No answer, so a profile may be stored and is not sent again", why);
    case Verdict::kRefused:
      reported_ = false;
      return refused(status, why);
    case Verdict::kRetry:
      reported_ = false;
      if (aboutContent(status)) ++profile.attempts;
      return retry(std::move(profile), response, why, closing, last);
  }
}

void Pusher::refused(int status, std::string_view why) {
  ++totals_.refused;
  complain(status == 401 || status == 403 ? "Server refuses our credentials"
                                          : "Server refuses a profile",
           why);
}

void Pusher::retry(Outgoing profile, const HttpResponse& response, std::string_view why,
                   const Cancel& closing, bool last) {
  buffer_.restore(std::move(profile));
  const auto asked = retryAfter(response.retry_after);
  const milliseconds pause = std::max<milliseconds>(backoff_.next(), asked.value_or(seconds(0)));
  complain("Profiles not sent, will retry", why);
  if (closing.fired()) {
    gave_up_ = last;
  } else if (!closing.sleepUntil(now() + pause)) {
    gave_up_ = asked.has_value();
  }
}

void Pusher::complain(std::string_view what, std::string_view error) {
  const auto held = complaints_.now(now());
  if (!held) return;
  log::warn(what, {{"server", settings_.server.text()},
                   {"error", error},
                   {"waiting", buffer_.size()},
                   {"dropped", buffer_.dropped()},
                   {"heldBack", *held}});
}

}  // namespace profiling::scrape
