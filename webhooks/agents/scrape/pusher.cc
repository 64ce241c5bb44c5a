#include "webhooks/agents/scrape/pusher.h"

#include <algorithm>

#include "operator/base/log.h"
#include "operator/base/text.h"

namespace profiling::scrape {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPatience{10};  // the server answers once the profile is stored, mostly in 1 s
constexpr std::size_t kBatchBytes = 1024 * 1024;
constexpr std::size_t kBatchCount = 20;
constexpr std::size_t kMaxAnswer = 64 * 1024;
// Profiles of one round arrive one by one; this collects them into one request.
constexpr milliseconds kGather{500};

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

// Whether one profile of several may have caused the answer.
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
    if (!buffer_.wait(now() + std::chrono::hours(1))) {
      if (buffer_.closed()) break;
      continue;
    }
    if (singles_ == 0)
      closing.sleepUntil(now() + std::min<milliseconds>(kGather, settings_.interval / 4));
    auto batch = buffer_.take(singles_ > 0 ? 1 : kBatchCount, kBatchBytes);
    if (singles_ > 0) --singles_;
    push(std::move(batch), closing, abort);
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

void Pusher::push(std::vector<Outgoing> batch, const Cancel& closing, const Cancel& abort) {
  const bool last = closing.fired();  // one that began earlier is tried once more
  const std::string body = encodePush(batch, settings_.labels);
  auto sent = client_.send({"POST", std::string(kPushPath), "application/proto", body},
                           now() + kPatience, abort);
  const Status failure = sent.status();
  const HttpResponse response = sent.ok() ? *std::move(sent) : HttpResponse{};
  const int status = response.status;
  const std::string why =
      status != 0 ? "status " + std::to_string(status) + ": " + printable(response.body, 200)
                  : failure.toString();
  const Verdict verdict = judge(status, batch.front().attempts);
  if (verdict == Verdict::kStored) {
    totals_.stored += batch.size();
    backoff_.reset();
    if (!reported_) log::info("Profiles arrive", {{"server", settings_.server.text()}});
    reported_ = true;
    complaints_.over();
    return;
  }
  reported_ = false;
  if (batch.size() > 1 && aboutContent(status)) {
    singles_ = batch.size();
    buffer_.restore(std::move(batch));
    return;
  }
  if (verdict == Verdict::kRefused) return refused(batch.size(), status, why);
  if (aboutContent(status)) ++batch.front().attempts;
  retry(std::move(batch), response, why, closing, last);
}

void Pusher::refused(std::size_t count, int status, std::string_view why) {
  totals_.refused += count;
  complain(status == 401 || status == 403 ? "Server refuses our credentials"
                                          : "Server refuses a profile",
           why);
}

void Pusher::retry(std::vector<Outgoing> batch, const HttpResponse& response, std::string_view why,
                   const Cancel& closing, bool last) {
  buffer_.restore(std::move(batch));
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
