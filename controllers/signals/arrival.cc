#include "controllers/signals/arrival.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "operator/base/names.h"
#include "operator/base/text.h"

namespace profiling::signals {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kPort = "4040";
constexpr std::chrono::hours kMaxRange{23};  // the server refuses more than a day

struct Span {
  Time since, until;
  milliseconds length() const { return std::chrono::duration_cast<milliseconds>(until - since); }
};
Span spanOf(const ArrivalQuestion& question) {
  // Node clocks differ slightly.
  return {std::max(question.since, question.now - kMaxRange),
          question.now + std::chrono::minutes(1)};
}

// One query for each profile type that the server has, until enough(answer) is true.
template <class Ask, class Enough>
Status eachKind(const Ask& ask, const Scope& scope, const Span& span, milliseconds step,
                const std::vector<std::string_view>& by, const Enough& enough) {
  const auto listed = ask("LabelValues", profileTypesBody(scope, span.since, span.until));
  if (!listed.ok()) return listed.status();
  const auto types = parseNames(*listed);
  if (!types.ok()) return types.status();
  for (const std::string& type : typesToAsk(*types)) {
    const auto answer =
        ask("SelectSeries", seriesBody(scope, type, span.since, span.until, step, by));
    if (!answer.ok()) return answer.status();
    const Result<bool> done = enough(*answer);
    if (!done.ok()) return done.status();
    if (*done) break;
  }
  return {};
}

}  // namespace

Result<std::string> serverUrl(const ServerRef& server, const AddressOverrides& overrides) {
  if (!isDnsLabel(server.namespace_) || !isDnsLabel(server.name)) {
    return Status(Code::kInvalidArgument, "ProfilingServer '" +
                                              printable(server.namespace_ + "/" + server.name) +
                                              "' has a name that is not valid for a Service");
  }
  const auto other = overrides.find(server.namespace_ + "/" + server.name);
  if (other != overrides.end()) return "http://" + other->second;
  return "http://" + server.name + "." + server.namespace_ + ".svc:" + std::string(kPort);
}

Result<ArrivalReader::Ask> ArrivalReader::asker(const ArrivalQuestion& question,
                                                const std::stop_token& stop) const {
  const auto url = serverUrl(question.server, overrides_);
  if (!url.ok()) return url.status();
  std::vector<net::Header> headers;
  if (!question.tenant.empty()) headers.push_back({"X-Scope-OrgID", question.tenant});
  const std::string server = question.server.namespace_ + "/" + question.server.name;
  return Ask([this, stop, server, headers, base = *url,
              end = std::chrono::steady_clock::now() + deadline_](std::string_view method,
                                                                  const std::string& body) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    auto answer = left.count() <= 0
                      ? Result<std::string>(Status(Code::kDeadlineExceeded, "no time left"))
                      : client_.post(base + "/querier.v1.QuerierService/" + std::string(method),
                                     body, headers, left, stop);
    return answer.ok() ? answer
                       : Result<std::string>(
                             answer.status().annotated(std::string(method) + " of " + server));
  });
}

Result<std::set<Sender>> ArrivalReader::senders(const ArrivalQuestion& question,
                                                const std::stop_token& stop) const {
  const auto ask = asker(question, stop);
  if (!ask.ok()) return ask.status();
  const Span span = spanOf(question);
  std::set<Sender> out;
  const Status asked = eachKind(*ask, question.scope, span, span.length(), kSenderTags,
                                [&](const std::string& answer) -> Result<bool> {
                                  auto found = parseSenders(answer);
                                  if (!found.ok()) return found.status();
                                  out.merge(*found);
                                  return false;
                                });
  return asked.ok() ? Result<std::set<Sender>>(std::move(out)) : asked;
}

Result<LastSeen> ArrivalReader::read(const ArrivalQuestion& question,
                                     const std::stop_token& stop) const {
  const auto ask = asker(question, stop);
  if (!ask.ok()) return ask.status();
  const Span span = spanOf(question);
  const milliseconds step = stepFor(span.length(), question.pods.size());
  LastSeen out;
  const auto everybody = [&](const std::string& answer) -> Result<bool> {
    const auto seen = parseSeries(answer, step);
    if (!seen.ok()) return seen.status();
    for (const auto& [pod, at] : *seen) out[pod] = std::max(out[pod], at);
    return std::all_of(question.pods.begin(), question.pods.end(), [&](const auto& wanted) {
      const auto at = out.find(wanted.first);
      return at != out.end() && at->second >= std::max(wanted.second, span.since);
    });
  };
  const Status asked = eachKind(*ask, question.scope, span, step, {"pod"}, everybody);
  if (!asked.ok()) return asked;
  // Profiles from before the period prove nothing.
  std::erase_if(out, [&](const auto& entry) { return entry.second < span.since; });
  return out;
}

}  // namespace profiling::signals
