// A Go process loads no agent; net/http/pprof, which many programs import, serves its profiles. They
// are scraped from outside the process (operator/inject/pprof/pprof.h).
#include "operator/inject/languages/language.h"

namespace profiling::inject {
namespace {

constexpr std::array<std::string_view, 5> kEnvNames{"GOMEMLIMIT", "GOGC", "GODEBUG", "GOTRACEBACK",
                                                    "GOMAXPROCS"};
constexpr std::array<std::string_view, 1> kImageWords{"golang"};

}  // namespace

constinit const LanguageRow kGoRow{
    .language = api::Language::kGo,
    .hints = {{}, {}, kEnvNames, kImageWords},
    .choice = Choice::kHint,
    .scraped = true,
};

}  // namespace profiling::inject
