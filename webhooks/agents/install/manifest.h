// The list of what an agent image carries, written when the image is built:
//
//   <64 hex digits>  <relative path>      one line per file, as sha256sum(1) prints it
//
// It travels with the files, so the installer can tell a truncated or damaged layer from a good
// one, and it is copied last into the destination, where it marks a complete installation.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace profiling::agents {

using Digest = std::array<uint8_t, 32>;

inline constexpr char kManifestName[] = "MANIFEST.sha256";

struct ManifestEntry {
  std::string path;  // relative, without "." and ".." parts
  Digest digest;
};

struct Manifest {
  std::vector<ManifestEntry> entries;
  std::string text;  // as read: two trees are the same when their texts are
};

// The manifest, or a message that names the line and what is wrong with it.
std::variant<Manifest, std::string> parseManifest(std::string text);

}  // namespace profiling::agents
