// Where the tree is, for tests that read its files. Only one unit knows the path, so that the compiler
// cache serves all others in every clone.
#pragma once

#include <string>

namespace profiling::test {

const std::string& sourceDir();

}  // namespace profiling::test
