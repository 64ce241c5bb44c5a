#include "controllers/workload/languages.h"

#include <algorithm>

#include "operator/base/time_text.h"
#include "operator/inject/languages/language.h"

namespace profiling::controllers {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

std::set<inject::Guess> guessesOf(const PodClass& pods) {
  const auto list = inject::guessesIn(nlohmann::json::parse(pods.decision, nullptr, false));
  return {list.begin(), list.end()};
}

std::optional<api::Language> languageOfSpy(std::string_view spy) {
  for (const inject::LanguageRow* row : inject::languageRows()) {
    if (!row->spy.empty() && row->spy == spy) return row->language;
  }
  return std::nullopt;
}

bool answers(const api::DetectedLanguages& known, const inject::Guess& guess) {
  return known.container == guess.container && known.image_hash == guess.image_hash;
}

}  // namespace

std::set<inject::Guess> openGuesses(const std::set<inject::Guess>& guesses,
                                    const std::vector<api::DetectedLanguages>& known) {
  std::set<inject::Guess> open = guesses;
  std::erase_if(open, [&](const inject::Guess& guess) {
    return std::any_of(known.begin(), known.end(),
                       [&](const auto& k) { return answers(k, guess); });
  });
  return open;
}

milliseconds settleTime(std::string_view upload_interval) {
  const auto interval = parseDuration(upload_interval);
  return std::max<milliseconds>(30s, 4 * (interval.ok() ? *interval : milliseconds(15s)));
}

LanguageQuestion questionOf(const PodTable::Members& members, const std::set<inject::Guess>& open,
                            signals::Time now, milliseconds settle) {
  LanguageQuestion question;
  for (std::size_t i = 0; i < members.pods.size(); ++i) {
    const engine::Pod& pod = members.pods[i];
    std::set<inject::Guess> wanted = guessesOf(members.group.classes[members.class_of[i]]);
    std::erase_if(wanted, [&](const inject::Guess& guess) { return !open.contains(guess); });
    if (wanted.empty()) continue;
    const auto age = std::chrono::duration_cast<milliseconds>(now - pod.created);
    if (age < settle) {
      question.later = std::min(question.later.value_or(settle), settle - age);
      continue;
    }
    question.guesses.merge(wanted);
    question.pods.insert(pod.name);
    question.age = std::max(question.age, age);
  }
  return question;
}

std::vector<api::DetectedLanguages> answersTo(const LanguageQuestion& question,
                                              const std::set<signals::Sender>& senders) {
  std::vector<api::DetectedLanguages> out;
  for (const inject::Guess& guess : question.guesses) {
    std::set<api::Language> languages;
    for (const signals::Sender& sender : senders) {
      const auto language = languageOfSpy(sender.spy);
      if (language && sender.container == guess.container && question.pods.contains(sender.pod)) {
        languages.insert(*language);
      }
    }
    if (languages.empty()) continue;
    out.push_back({guess.container, guess.image_hash, {languages.begin(), languages.end()}});
  }
  return out;
}

std::vector<api::DetectedLanguages> merged(std::vector<api::DetectedLanguages> known,
                                           const std::vector<api::DetectedLanguages>& learnt) {
  for (const api::DetectedLanguages& one : learnt) {
    std::erase_if(known, [&](const auto& k) {
      return answers(k, {one.container, one.image_hash});
    });
    known.push_back(one);
  }
  if (known.size() > api::kMaxDetected) {
    known.erase(known.begin(), known.end() - static_cast<std::ptrdiff_t>(api::kMaxDetected));
  }
  return known;
}

milliseconds askAgainAfter(milliseconds age) {
  return std::clamp<milliseconds>(age / 2, 15s, 6h);
}

}  // namespace profiling::controllers
