#include "operator/cli/io.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

#include "operator/base/str_cat.h"

namespace profiling::cli {
namespace {

constexpr std::size_t kLongestInput = 16U << 20U;

}  // namespace

int fail(const Screen& screen, const Status& why) {
  screen.err << "error: " << why.message() << "\n";
  return 1;
}

bool structured(const Options& options) {
  return options.format == Format::kJson || options.format == Format::kYaml;
}

Result<std::string> readText(const std::string& file) {
  std::ifstream opened;
  if (file != "-") {
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) {
      return Status(Code::kInvalidArgument, file + ": is a directory, not a file");
    }
    opened.open(file, std::ios::binary);
    if (!opened) {
      const std::string why =
          errno == ENOENT ? "no such file" : std::generic_category().message(errno);
      return Status(Code::kNotFound, file + ": " + why);
    }
  }
  std::istream& in = file == "-" ? std::cin : opened;
  std::string text;
  std::array<char, 65536> part{};
  while (in.read(part.data(), part.size()), in.gcount() > 0) {
    text.append(part.data(), static_cast<std::size_t>(in.gcount()));
    if (text.size() > kLongestInput) {
      return Status(Code::kInvalidArgument,
                    strCat(fileName(file), ": is longer than ", kLongestInput >> 20U, " MiB"));
    }
  }
  return text;
}

std::string fileName(const std::string& file) {
  return file == "-" ? "standard input" : file;
}

}  // namespace profiling::cli
