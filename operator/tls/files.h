// Reads the files of a certificate. Internal to this folder.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>

#include "operator/base/status.h"

namespace profiling::tls {

// kNotFound, or kTooLarge above 1 MiB.
inline Result<std::string> readFile(const std::string& path) {
  constexpr std::size_t kMaxFile = 1 << 20;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Status(Code::kNotFound, path + " cannot be opened");
  std::string text(kMaxFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxFile) return Status(Code::kTooLarge, path + " is longer than 1 MiB");
  return text;
}

}  // namespace profiling::tls
