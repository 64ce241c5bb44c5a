// Characters that a reader does not see, or that make a reader see something else. Pure.
#pragma once

#include <string_view>

namespace profiling {

// Whether a character, a valid UTF-8 sequence, is a control character (C0, DEL, C1) or changes or
// hides what stands beside it: direction overrides, zero width, tags. printable() of text.h replaces
// them.
bool isHidden(std::string_view character);

}  // namespace profiling
