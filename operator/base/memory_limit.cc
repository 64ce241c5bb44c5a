#include "operator/base/memory_limit.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>

namespace profiling {
namespace {

constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 60;  // version 1 states a huge number

// A missing file, "max" and no number are no limit.
std::uint64_t limitIn(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  std::uint64_t bytes = kUnlimited;
  if (!std::getline(file, text)) return kUnlimited;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  return error == std::errc() && end != text.data() ? bytes : kUnlimited;
}

}  // namespace

std::optional<std::uint64_t> memoryLimit(const std::string& root) {
  const std::string groups = root + "/sys/fs/cgroup";
  const auto inVersion2 = [&](std::string_view path) {
    return limitIn(groups + std::string(path) + "/memory.max");
  };
  const auto inVersion1 = [&](std::string_view path) {
    return limitIn(groups + "/memory" + std::string(path) + "/memory.limit_in_bytes");
  };
  std::uint64_t least = std::min(inVersion2(""), inVersion1(""));
  std::ifstream own(root + "/proc/self/cgroup");
  for (std::string line; std::getline(own, line);) {  // "0::/path" or "4:memory:/path"
    const std::size_t controllers = line.find(':') + 1;
    const std::size_t path = line.find(':', controllers);
    if (controllers == 0 || path == std::string::npos) continue;
    const std::string list = "," + line.substr(controllers, path - controllers) + ",";
    const std::string_view of = std::string_view(line).substr(path + 1);
    if (list == ",,") least = std::min(least, inVersion2(of));
    if (list.find(",memory,") != std::string::npos) least = std::min(least, inVersion1(of));
  }
  if (least >= kUnlimited) return std::nullopt;
  return least;
}

}  // namespace profiling
