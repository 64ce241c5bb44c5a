// Rust, C++ and other languages that serve pprof through a library. The only hint in a pod is the
// pprof port: RUST_LOG and the like also occur in pods of Python and Node, some of whose packages are
// written in Rust.
#include "operator/inject/languages/language.h"

namespace profiling::inject {

constinit const LanguageRow kNativeRow{
    .language = api::Language::kNative,
    .choice = Choice::kName,
    .scraped = true,
};

}  // namespace profiling::inject
