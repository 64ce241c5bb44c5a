// The list of the files in an agent image, written when the image is built:
//
//   <64 hex digits>  <relative path>      one line per file, as sha256sum(1) prints it
//
// It travels with the files, so the installer can detect a truncated or damaged layer. It is
// copied last into the destination, where it marks a complete installation.
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
  std::string text;  // as read; equal texts mean equal trees
};

// The manifest, or a message that names the line and its defect.
std::variant<Manifest, std::string> parseManifest(std::string text);

}  // namespace profiling::agents
