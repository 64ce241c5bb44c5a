// Draws small numbers, words and texts from an input, so that a mutated byte makes another object of
// the same grammar. Past the end everything is zero.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace profiling::fuzz {

class Drawn {
 public:
  explicit Drawn(std::string_view input) : rest_(input) {}

  std::size_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  // 0 to bound-1.
  std::size_t below(std::size_t bound) {
    const std::size_t value = bound > 256 ? byte() << 16 | byte() << 8 | byte() : byte();
    return value % bound;
  }
  std::string one(std::initializer_list<const char*> words) {
    return words.begin()[below(words.size())];
  }
  // ASCII of at most `most` bytes.
  std::string text(std::size_t most) {
    std::string out;
    for (std::size_t n = below(most + 1); n > 0; --n) out += static_cast<char>(byte() & 0x7F);
    return out;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace profiling::fuzz
