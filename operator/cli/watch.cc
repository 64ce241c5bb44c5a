#include "operator/cli/watch.h"

#include <algorithm>
#include <map>
#include <ostream>

#include "operator/api/v1alpha1/codec.h"
#include "operator/base/clock.h"
#include "operator/base/mutex.h"
#include "operator/cli/terminal_text.h"
#include "operator/kube/json.h"
#include "operator/kube/reflector.h"

namespace profiling::cli {
namespace {

// Ages on a terminal advance even without events; a burst of events is drawn once.
constexpr auto kRedraw = std::chrono::seconds(1);
constexpr auto kBurst = std::chrono::milliseconds(200);

template <class T, class Read>
kube::Decoder<T> decoder(Read read) {
  return [read](std::string_view text) -> Result<kube::Decoded<T>> {
    const auto object = kube::parseJson(text);
    if (!object.ok()) return object.status();
    auto record = read(*object);
    if (!record.ok()) return record.status();
    std::string key = kube::objectKey(record->metadata.namespace_, record->metadata.name);
    return kube::Decoded<T>{std::move(key), std::make_shared<const T>(*std::move(record))};
  };
}

// The policy and the records of its namespace (of all, for a cluster policy), kept current.
class Follower {
 public:
  Follower(net::HttpClient& http, const Policy& policy) {
    const kube::ChangeHandler changed = [this](std::string_view) {
      const MutexLock lock(mutex_);
      changed_ = true;
      wake_.notifyOne();
    };
    kube::ReflectorOptions one;
    one.resource = policy.cluster ? kube::resources::kClusterPolicies : kube::resources::kPolicies;
    one.namespace_ = policy.metadata.namespace_;
    one.field_selector = "metadata.name=" + policy.metadata.name;
    policy_ =
        kube::makeReflector<Policy>(http, one, policies_, decoder<Policy>(policyFrom), changed);
    kube::ReflectorOptions all;
    all.resource = kube::resources::kWorkloads;
    all.namespace_ = policy.metadata.namespace_;
    records_ = kube::makeReflector<api::WorkloadProfile>(
        http, all, workloads_, decoder<api::WorkloadProfile>(api::workloadFromJson), changed);
    policy_->start();
    records_->start();
  }

  // Waits for a change, or until the time has passed; returns whether something has changed.
  bool wait(std::chrono::milliseconds time) {
    const MutexLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + time;
    while (!changed_ && wake_.waitUntil(mutex_, until)) {
    }
    return std::exchange(changed_, false);
  }

  bool synced() const { return policies_.synced() && workloads_.synced(); }
  std::shared_ptr<const Policy> policy() const {
    const auto snapshot = policies_.snapshot();
    return snapshot->empty() ? nullptr : snapshot->begin()->second;
  }
  Workloads workloadsOf(const Policy& policy) const {
    Workloads out;
    const auto snapshot = workloads_.snapshot();
    for (const auto& [key, workload] : *snapshot) {
      if (decides(policy, *workload)) out.push_back(*workload);
    }
    sortByUrgency(out);
    return out;
  }

 private:
  Mutex mutex_;
  CondVar wake_;
  bool changed_ PROFILING_GUARDED_BY(mutex_) = false;
  kube::Store<Policy> policies_;
  kube::Store<api::WorkloadProfile> workloads_;
  std::unique_ptr<kube::Reflector> policy_, records_;  // last: they end before their targets
};

// Draws over its previous output.
class Canvas {
 public:
  explicit Canvas(const Screen& screen) : screen_(screen) {}

  void draw(std::vector<std::string> lines) {
    const std::size_t height = screen_.style.height;
    if (height > 2 && lines.size() >= height) {
      const std::size_t hidden = lines.size() - (height - 2);
      lines.resize(height - 2);
      lines.push_back("… and " + std::to_string(hidden) + " more lines");
    }
    if (drawn_ > 0) screen_.out << kOurEscape << "[" << drawn_ << "A";
    screen_.out << kOurEscape << "[1G" << kOurEscape << "[J" << joined(lines) << std::flush;
    drawn_ = lines.size();
  }

 private:
  const Screen& screen_;
  std::size_t drawn_ = 0;
};

// Writes the lines that have changed.
class Log {
 public:
  explicit Log(const Screen& screen) : screen_(screen) {}

  void tell(const Policy& policy, const Workloads& workloads) {
    say("", policyLine(policy));
    for (const api::WorkloadProfile& w : workloads) {
      say(kube::objectKey(w.metadata.namespace_, w.metadata.name), workloadLine(w, policy.cluster));
    }
    screen_.out << std::flush;
  }

 private:
  void say(const std::string& key, const std::string& line) {
    std::string& last = last_[key];
    if (last == line) return;
    last = line;
    screen_.out << line << "\n";
  }

  const Screen& screen_;
  std::map<std::string, std::string> last_;
};

}  // namespace

int watchStatus(const Options& options, ApiServer& server, const Policy& policy,
                const Screen& screen) {
  const Clock& clock = Clock::real();
  const SteadyTime start = clock.steady();
  Follower follower(server.http(), policy);
  Canvas canvas(screen);
  Log log(screen);
  while (true) {
    const bool over = options.timeout.count() > 0 && clock.steady() - start >= options.timeout;
    if (follower.synced()) {
      const auto current = follower.policy();
      if (!current || current->metadata.uid != policy.metadata.uid) {
        screen.err << "error: " << policy.shortName() << " was deleted\n";
        return 1;
      }
      const Workloads workloads = follower.workloadsOf(*current);
      if (screen.terminal) {
        canvas.draw(statusLines(*current, workloads, options.format == Format::kWide, clock.wall(),
                                screen.style));
      } else {
        log.tell(*current, workloads);
      }
      if (const auto code = outcome(*current, clock.wall())) {
        if (*code != 0) {
          screen.err << "error: the rollout of " << policy.shortName() << " is "
                     << current->status.phase << "\n";
        }
        return *code;
      }
    }
    if (over) {
      screen.err << "error: the rollout of " << policy.shortName() << " is not done after "
                 << std::chrono::duration_cast<std::chrono::seconds>(options.timeout).count()
                 << " s\n";
      return 1;
    }
    std::chrono::milliseconds time = kRedraw;
    if (options.timeout.count() > 0) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          start + options.timeout - clock.steady());
      time = std::clamp(left, std::chrono::milliseconds(0), time);
    }
    if (follower.wait(time)) follower.wait(std::min<std::chrono::milliseconds>(kBurst, time));
  }
}

}  // namespace profiling::cli
