// kubectl-profiling: `kubectl profiling …` runs it from the PATH.
#include <exception>
#include <iostream>

#include "operator/cli/cli.h"

int main(int argc, char** argv) {
  try {
    return profiling::cli::runProgram("kubectl profiling", {argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << "\n";
    return 1;
  }
}
