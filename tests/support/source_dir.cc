#include "tests/support/source_dir.h"

namespace profiling::test {

const std::string& sourceDir() {
  static const std::string dir = PROFILING_SOURCE_DIR;
  return dir;
}

}  // namespace profiling::test
