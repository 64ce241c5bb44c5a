#include "operator/cli/terminal_text.h"

#include <string_view>

#include "operator/base/hidden_text.h"
#include "operator/base/text.h"

namespace profiling::cli {
namespace {

constexpr std::size_t kLongestCharacter = 4;
constexpr std::size_t kLongestSequence = 12;

// The length of one of our own sequences after kOurEscape: '[', digits or ';', then 'm' (colour), 'A'
// (up), 'G' (column) or 'J' (clear below). 0: none; npos: more text is needed.
std::size_t sequenceLength(std::string_view text) {
  if (text.size() < 2) return std::string_view::npos;
  if (text[1] != '[') return 0;
  const std::size_t end = text.find_first_not_of("0123456789;", 2);
  if (end == std::string_view::npos) {
    return text.size() < kLongestSequence ? std::string_view::npos : 0;
  }
  return std::string_view("mAGJ").find(text[end]) == std::string_view::npos ? 0 : end + 1;
}

}  // namespace

TerminalText::int_type TerminalText::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  waiting_ += traits_type::to_char_type(c);
  forward(false);
  return c;
}

std::streamsize TerminalText::xsputn(const char* text, std::streamsize size) {
  waiting_.append(text, static_cast<std::size_t>(size));
  forward(false);
  return size;
}

int TerminalText::sync() {
  forward(false);
  target_.flush();
  return target_.good() ? 0 : -1;
}

void TerminalText::finish() {
  forward(true);
  target_.flush();
}

void TerminalText::forward(bool all) {
  std::string out;
  std::string_view text = waiting_;
  while (!text.empty()) {
    if (text[0] == kOurEscape) {
      const std::size_t length = sequenceLength(text);
      if (length == std::string_view::npos && !all) break;
      const bool ours = length != 0 && length != std::string_view::npos;
      out += ours ? '\x1b' : '?';
      if (ours) out += text.substr(1, length - 1);
      text.remove_prefix(ours ? length : 1);
      continue;
    }
    const std::size_t n = utf8Length(text);
    if (n == 0) {
      const bool begins = (static_cast<unsigned char>(text[0]) & 0xC0U) == 0xC0U;
      if (begins && text.size() < kLongestCharacter && !all) break;
      out += '?';
      text.remove_prefix(1);
      continue;
    }
    const std::string_view character = text.substr(0, n);
    if (character == "\n" || character == "\t" || !isHidden(character)) {
      out += character;
    } else {
      out += ' ';
    }
    text.remove_prefix(n);
  }
  waiting_.erase(0, waiting_.size() - text.size());
  target_ << out;
}

}  // namespace profiling::cli
