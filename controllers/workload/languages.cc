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

bool isAbout(const api::DetectedLanguages& known, const inject::Guess& guess) {
  return known.container == guess.container && known.image_hash == guess.image_hash;
}

std::size_t guessable() {
  return static_cast<std::size_t>(std::ranges::count_if(
      inject::languageRows(),
      [](const inject::LanguageRow* row) { return row->choice == inject::Choice::kGuess; }));
}

// Nothing is left to find out: profiles arrived, or of this version nothing can.
bool answers(const api::DetectedLanguages& known, const inject::Guess& guess) {
  if (!isAbout(known, guess)) return false;
  if (!known.languages.empty()) return true;
  return known.image_version == guess.image_version &&
         (known.crashed || known.silent.size() >= guessable());
}

std::set<api::Language> agentsOf(const PodClass& pods, const std::string& container) {
  std::set<api::Language> out;
  for (const std::string& agent : inject::agentsIn(pods.decision, container)) {
    if (const auto language = api::languageFromToken(agent.substr(0, agent.find(' ')))) {
      out.insert(*language);
    }
  }
  return out;
}

std::vector<api::Language> listOf(const std::set<api::Language>& languages) {
  return {languages.begin(), languages.end()};
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
    for (const inject::Guess& guess : wanted) {
      GuessInPods& in = question.guesses[guess];
      if (pod.ready) in.ready_for = std::max(in.ready_for, age);
      in.agents.merge(agentsOf(members.group.classes[members.class_of[i]], guess.container));
    }
    question.pods.insert(pod.name);
    question.age = std::max(question.age, age);
  }
  return question;
}

std::vector<api::DetectedLanguages> answersTo(const LanguageQuestion& question,
                                              const std::set<signals::Sender>& senders,
                                              milliseconds patience) {
  std::vector<api::DetectedLanguages> out;
  for (const auto& [guess, in] : question.guesses) {
    std::set<api::Language> languages;
    for (const signals::Sender& sender : senders) {
      const auto language = languageOfSpy(sender.spy);
      if (language && sender.container == guess.container && question.pods.contains(sender.pod)) {
        languages.insert(*language);
      }
    }
    if (!languages.empty()) {
      out.push_back({guess.container, guess.image_hash, listOf(languages)});
    } else if (!guess.image_version.empty() && in.ready_for >= patience) {
      out.push_back(
          {guess.container, guess.image_hash, {}, listOf(in.agents), false, guess.image_version});
    }
  }
  return out;
}

milliseconds patienceOf(std::string_view upload_interval) {
  const auto interval = parseDuration(upload_interval);
  return std::max<milliseconds>(5min, 20 * (interval.ok() ? *interval : milliseconds(15s)));
}

std::vector<api::DetectedLanguages> answersWithoutServer(const LanguageQuestion& question) {
  std::vector<api::DetectedLanguages> out;
  for (const auto& [guess, in] : question.guesses) {
    if (in.ready_for <= milliseconds(0) || in.agents.empty()) continue;
    out.push_back({guess.container, guess.image_hash, listOf(in.agents)});
  }
  return out;
}

std::vector<api::DetectedLanguages> crashedGuesses(const PodTable::Members& members,
                                                   const std::set<inject::Guess>& open) {
  constexpr std::int64_t kRestarts = 2;
  const auto fails = [](const engine::Pod& pod, const std::string& container) {
    return !pod.ready && pod.failure && !pod.failure->init && pod.failure->exit_code &&
           pod.failure->container == container;
  };
  std::vector<api::DetectedLanguages> out;
  std::set<inject::Guess> seen;
  for (std::size_t i = 0; i < members.pods.size(); ++i) {
    const engine::Pod& pod = members.pods[i];
    const PodClass& of = members.group.classes[members.class_of[i]];
    for (const inject::Guess& guess : guessesOf(of)) {
      if (!open.contains(guess) || guess.image_version.empty() || pod.restarts < kRestarts ||
          !fails(pod, guess.container) || !seen.insert(guess).second) {
        continue;
      }
      const bool alone = std::ranges::none_of(members.pods, [&](const engine::Pod& other) {
        return other.revision.empty() && fails(other, guess.container);
      });
      if (!alone) continue;
      out.push_back({guess.container,
                     guess.image_hash,
                     {},
                     listOf(agentsOf(of, guess.container)),
                     true,
                     guess.image_version});
    }
  }
  return out;
}

std::vector<api::DetectedLanguages> merged(std::vector<api::DetectedLanguages> known,
                                           const std::vector<api::DetectedLanguages>& learnt) {
  for (api::DetectedLanguages one : learnt) {
    const auto same = [&](const auto& k) { return isAbout(k, {one.container, one.image_hash}); };
    const auto before = std::ranges::find_if(known, same);
    if (before != known.end() && one.languages.empty() &&
        before->image_version == one.image_version) {
      std::set<api::Language> silent(before->silent.begin(), before->silent.end());
      silent.insert(one.silent.begin(), one.silent.end());
      one.silent = listOf(silent);
      one.crashed = one.crashed || before->crashed;
    }
    std::erase_if(known, same);
    known.push_back(std::move(one));
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
