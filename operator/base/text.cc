#include "operator/base/text.h"

#include <algorithm>
#include <array>

#include "operator/base/hidden_text.h"

namespace profiling {

std::size_t utf8Length(std::string_view text) {
  const auto b = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (b(i) & 0xC0) == 0x80; };
  const unsigned char c = b(0);
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return continues(1) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if ((c == 0xE0 && b(1) < 0xA0) || (c == 0xED && b(1) > 0x9F)) return 0;
    return 3;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if ((c == 0xF0 && b(1) < 0x90) || (c == 0xF4 && b(1) > 0x8F)) return 0;
    return 4;
  }
  return 0;
}

bool isHidden(std::string_view character) {
  const auto b = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return b(0) < 0x20 || b(0) == 0x7F;
  char32_t c = b(0) & (0xFFU >> (character.size() + 1));
  for (std::size_t i = 1; i < character.size(); ++i) c = (c << 6U) | (b(i) & 0x3FU);
  struct Range {
    char32_t first, last;
  };
  static constexpr std::array<Range, 13> kHidden{{
      {0x80, 0x9F},        // C1: U+009B begins an escape sequence, as ESC [ does
      {0xAD, 0xAD},        // soft hyphen
      {0x61C, 0x61C},      // Arabic letter mark
      {0x180E, 0x180E},    // Mongolian vowel separator
      {0x200B, 0x200F},    // zero width, direction marks
      {0x2028, 0x202E},    // separators of lines, direction embeddings and overrides
      {0x2060, 0x206F},    // invisible operators, direction isolates
      {0xFEFF, 0xFEFF},    // byte order mark
      {0xFFF9, 0xFFFB},    // interlinear annotation
      {0x115F, 0x1160},    // Hangul fillers
      {0x3164, 0x3164},    // Hangul filler
      {0xFFA0, 0xFFA0},    // Hangul filler of half width
      {0xE0000, 0xE0FFF},  // tags, variation selectors
  }};
  return std::any_of(kHidden.begin(), kHidden.end(),
                     [c](const Range& r) { return c >= r.first && c <= r.last; });
}

std::string printable(std::string_view text, std::size_t max) {
  std::string out;
  while (!text.empty()) {
    std::size_t n = utf8Length(text);
    const bool bad = n == 0;
    if (bad) n = 1;
    if (out.size() + n > max) {
      out += "…";
      break;
    }
    if (bad) {
      out += '?';
    } else if (isHidden(text.substr(0, n))) {
      out += ' ';
    } else {
      out.append(text.substr(0, n));
    }
    text.remove_prefix(n);
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace profiling
