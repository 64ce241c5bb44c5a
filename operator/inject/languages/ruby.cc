// Our preload is loaded by RUBYOPT and starts the gem, which reads no environment itself. A file
// that cannot be loaded stops every Ruby of the container, bundle and rake included, and the gem
// exists for glibc only: so Ruby is injected only where policy or pod name it.
#include "operator/inject/languages/language.h"

namespace profiling::inject {
namespace {

constexpr std::array<std::string_view, 9> kCommands{
    "ruby", "rails", "puma", "unicorn", "sidekiq", "bundle", "rackup", "rake", "passenger"};
constexpr std::array<std::string_view, 2> kSuffixes{".rb", ".ru"};
constexpr std::array<std::string_view, 6> kEnvNames{
    "RAILS_ENV", "RACK_ENV", "RUBYOPT", "BUNDLE_GEMFILE", "GEM_HOME", "RAILS_LOG_TO_STDOUT"};
constexpr std::array<std::string_view, 6> kImageWords{"ruby", "jruby",   "rails",
                                                      "puma", "sidekiq", "passenger"};

std::vector<NameValue> settings(const api::EffectivePolicy& policy, const api::ContainerView&) {
  return {{"PROFILING_RUBY_SAMPLE_RATE", std::to_string(policy.policy.spec.sampling.cpu_hz)}};
}

}  // namespace

constinit const LanguageRow kRubyRow{
    .language = api::Language::kRuby,
    .variable = {.name = "RUBYOPT", .addition = "-r/profiling-agent/ruby/preload.rb"},
    .hints = {kCommands, kSuffixes, kEnvNames, kImageWords},
    .choice = Choice::kName,
    .settings = settings,
};

}  // namespace profiling::inject
