// Rust, C++ and whatever else serves pprof by a library of its own. Nothing of a pod hints at it
// but where it serves; RUST_LOG and the like stand in pods of Python and Node as well, whose
// packages are in part written in Rust.
#include "operator/inject/languages/language.h"

namespace profiling::inject {

constinit const LanguageRow kNativeRow{
    .language = api::Language::kNative,
    .choice = Choice::kName,
    .scraped = true,
};

}  // namespace profiling::inject
