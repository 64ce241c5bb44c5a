// The one way to the user's terminal: everything that the program prints passes through it.
#pragma once

#include <ostream>
#include <streambuf>
#include <string>

namespace profiling::cli {

// Stands in a sequence of ours where the terminal gets ESC. No text of an object holds it, because
// it is never part of UTF-8.
inline constexpr char kOurEscape = '\xFF';

// Forwards text. Hidden characters (operator/base/hidden_text.h) but line ends and tabs become spaces,
// bytes that are not UTF-8 become '?', and only colours and cursor moves of our own keep their
// escape. For one thread.
class TerminalText final : public std::streambuf {
 public:
  explicit TerminalText(std::ostream& target) : target_(target) {}
  ~TerminalText() override { finish(); }
  TerminalText(const TerminalText&) = delete;
  TerminalText& operator=(const TerminalText&) = delete;

 protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  void forward(bool all);
  void finish();

  std::ostream& target_;
  std::string waiting_;  // the beginning of a character or sequence
};

// An ostream over it.
class TerminalStream final : public std::ostream {
 public:
  explicit TerminalStream(std::ostream& target) : std::ostream(nullptr), text_(target) {
    rdbuf(&text_);
  }

 private:
  TerminalText text_;
};

}  // namespace profiling::cli
