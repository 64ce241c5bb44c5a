#include "webhooks/agents/scrape/scraper.h"

#include <algorithm>
#include <random>

#include "operator/base/log.h"
#include "webhooks/agents/scrape/net/listening.h"

namespace profiling::scrape {
namespace {

using std::chrono::seconds;

// The time for a scrape beyond the length of a CPU profile.
constexpr seconds kPatience{10};
// The other scraper may notice the application's return first.
constexpr seconds kLookUp{1};

SteadyTime now() {
  return std::chrono::steady_clock::now();
}

// Pods of a rollout start together; the jitter spreads their uploads.
Millis jitter(Millis interval) {
  std::random_device random;
  return Millis(std::uniform_int_distribution<std::int64_t>(0, interval.count() / 4)(random));
}

// Whether its port is one of this network namespace, and seen there.
bool listensHere(const Url& application) {
  const std::string& host = application.host;
  return (host == "127.0.0.1" || host == "::1" || host == "localhost") &&
         listens(application.port) == true;
}

}  // namespace

Scraper::Scraper(const Settings& settings, const ProfileBounds& bounds,
                 const std::vector<Kind>& kinds, Presence& presence, Buffer& buffer)
    : settings_(settings),
      bounds_(bounds),
      presence_(presence),
      buffer_(buffer),
      client_(settings.application, nullptr, {}, bounds.body) {
  const SteadyTime first = now();
  const Millis early = jitter(settings.interval);
  for (const Kind kind : kinds) {
    targets_.push_back({{kind, settings.interval, first, early}, {}, false});
    targets_.back().baseline.stands_for = settings.interval + kLookUp;
  }
}

void Scraper::run(const Cancel& stop) {
  while (!stop.fired()) {
    noticeReturn(now());
    Target& next = *std::min_element(
        targets_.begin(), targets_.end(),
        [](const Target& a, const Target& b) { return a.endpoint.due() < b.endpoint.due(); });
    const SteadyTime time = now();
    if (next.endpoint.due() > time) {
      stop.sleepUntil(std::min(next.endpoint.due(), time + kLookUp));
      continue;
    }
    scrape(next, stop);
  }
}

// A CPU profile stands for nothing that another process did. Totals are compared in any case.
void Scraper::forgetCpu(Target& target) {
  if (target.endpoint.kind() == Kind::kCpu) target.baseline.taken = {};
}

void Scraper::noticeReturn(SteadyTime time) {
  const std::uint64_t returns = presence_.returns();
  if (returns == returns_seen_) return;
  returns_seen_ = returns;
  for (Target& target : targets_) {
    target.endpoint.applicationReturned(time);
    forgetCpu(target);
    target.reported = false;
  }
}

void Scraper::scrape(Target& target, const Cancel& stop) {
  const Answer answer = ask(target, stop);
  client_.disconnect();
  if (stop.fired()) return;
  if (answer == Answer::kAway) {
    // The application is away, so the other endpoints are skipped.
    for (Target& t : targets_) t.endpoint.answered(answer, now());
    return;
  }
  target.endpoint.answered(answer, now());
  if ((answer == Answer::kProfile || target.endpoint.absent()) && !target.reported) {
    target.reported = true;
    log::info(answer == Answer::kProfile ? "Profile found" : "Profile is not served",
              {{"profile", kindRow(target.endpoint.kind()).name},
               {"url", settings_.application.text() + "/" + std::string(target.endpoint.path())}});
  }
}

Answer Scraper::ask(Target& target, const Cancel& stop) {
  const SteadyTime asked = now();
  std::string path = "/" + std::string(target.endpoint.path());
  SteadyTime deadline = asked + kPatience;
  if (target.endpoint.kind() == Kind::kCpu) {
    path += "?seconds=" + std::to_string(target.endpoint.seconds().count());
    deadline += target.endpoint.seconds();
  }
  if (const Status s = client_.connect(asked + kPatience, stop); !s.ok()) {
    if (s.code() == Code::kCancelled) return Answer::kAway;
    const bool news = presence_.away();
    if (news) absences_.over();
    if (const auto held = absences_.now(asked)) {
      log::info("Application does not answer",
                {{"url", settings_.application.text()}, {"error", s.message()}});
    }
    return Answer::kAway;
  }
  presence_.there();
  noticeReturn(asked);
  bool ends = false;
  HttpRequest request{"GET", path, {}, {}};
  // A server that shuts down closes its port, and then waits for requests under way. The application
  // would end up to a whole profile later, so it is asked for what there is now.
  if (target.endpoint.kind() == Kind::kCpu && listensHere(settings_.application)) {
    request.given_up = [&] { return ends = listens(settings_.application.port) == false; };
  }
  auto response = client_.send(request, deadline, stop);
  if (!response.ok()) {
    if (response.status().code() == Code::kCancelled) return Answer::kFailed;
    if (ends) return leave(target);
    failure(target, response.status());
    if (response.status().code() != Code::kUnavailable) return Answer::kFailed;
    forgetCpu(target);
    return Answer::kBroken;
  }
  if (ends) {
    log::info("Application closed its port, the CPU profile under way was cut short",
              {{"url", settings_.application.text()}, {"status", response->status}});
  }
  const Answer answer = answerOfStatus(target.endpoint.kind(), response->status);
  if (answer == Answer::kFailed) {
    failure(target, {Code::kUnavailable, "status " + std::to_string(response->status) + ": " +
                                             response->body.substr(0, 200)});
  }
  return answer == Answer::kProfile ? take(target, std::move(response->body)) : answer;
}

Answer Scraper::leave(Target& target) {
  log::info("Application closed its port, the CPU profile under way is lost",
            {{"url", settings_.application.text()}});
  forgetCpu(target);
  presence_.away();
  return Answer::kAway;
}

Answer Scraper::take(Target& target, std::string body) {
  const Kind kind = target.endpoint.kind();
  MutexLock lock(presence_.harvest());
  auto result = harvest(kind, settings_.wanted, std::move(body), now(), target.baseline, bounds_);
  lock.unlock();
  if (!result.ok()) {
    failure(target, result.status());
    return Answer::kFailed;
  }
  if (result->continuity == Continuity::kReset) {
    log::info("Application restarted, new baseline", {{"profile", kindRow(kind).name}});
  }
  if (!result->pprof.empty()) {
    buffer_.put({kindRow(kind).name, std::move(result->pprof)});
  }
  return Answer::kProfile;
}

void Scraper::failure(const Target& target, const Status& why) {
  const auto held = failures_.now(now());
  if (!held) return;
  log::warn("Profile could not be read", {{"profile", kindRow(target.endpoint.kind()).name},
                                          {"error", why.toString()},
                                          {"maxUnpackedBytes", bounds_.unpacked},
                                          {"heldBack", *held}});
}

}  // namespace profiling::scrape
