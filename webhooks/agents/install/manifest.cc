#include "webhooks/agents/install/manifest.h"

#include <set>

namespace profiling::agents {
namespace {

int hexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool parseDigest(std::string_view hex, Digest& out) {
  for (size_t i = 0; i < out.size(); ++i) {
    int high = hexValue(hex[2 * i]), low = hexValue(hex[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

// A path that stays inside the tree whatever it is appended to.
bool safePath(std::string_view path) {
  while (true) {
    size_t slash = path.find('/');
    std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

std::variant<Manifest, std::string> parseManifest(std::string text) {
  constexpr size_t kHex = 64;
  Manifest manifest;
  std::set<std::string_view> seen;
  auto wrong = [](size_t line, std::string_view what) {
    return std::string(kManifestName) + " line " + std::to_string(line) + ": " + std::string(what);
  };
  if (text.empty() || text.back() != '\n') {
    return std::string(kManifestName) + " is empty or cut short (no newline at its end)";
  }
  manifest.text = std::move(text);
  std::string_view rest = manifest.text;
  for (size_t number = 1; !rest.empty(); ++number) {
    size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (line.size() < kHex + 3 || line.substr(kHex, 2) != "  ") {
      return wrong(number, "want 64 hex digits, two spaces and a path");
    }
    ManifestEntry entry;
    if (!parseDigest(line.substr(0, kHex), entry.digest)) {
      return wrong(number, "the checksum is not 64 lower-case hex digits");
    }
    std::string_view path = line.substr(kHex + 2);
    if (!safePath(path) || path == kManifestName) {
      return wrong(number, "path '" + std::string(path) +
                               "' is not a plain relative path below the agent's folder");
    }
    if (!seen.insert(path).second) {
      return wrong(number, "path '" + std::string(path) + "' is listed twice");
    }
    entry.path = path;
    manifest.entries.push_back(std::move(entry));
  }
  return manifest;
}

}  // namespace profiling::agents
