#include "operator/cli/io.h"

#include <iostream>
#include <iterator>
#include <ostream>

#include "operator/kube/kubeconfig.h"

namespace profiling::cli {

int fail(const Screen& screen, const Status& why) {
  screen.err << "error: " << why.message() << "\n";
  return 1;
}

bool structured(const Options& options) {
  return options.format == Format::kJson || options.format == Format::kYaml;
}

Result<std::string> readText(const std::string& file) {
  if (file != "-") return kube::readSmallFile(file);
  return std::string(std::istreambuf_iterator<char>(std::cin), {});
}

std::string fileName(const std::string& file) {
  return file == "-" ? "standard input" : file;
}

}  // namespace profiling::cli
