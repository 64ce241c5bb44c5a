// Splits the text of a shell script into words and the ends of commands: as much of POSIX quoting,
// comments, redirections and here-documents as it takes to distinguish a command from other text.
#pragma once

#include <string_view>
#include <vector>

namespace profiling::inject {

enum class ShellToken {
  kWord,
  kEndOfCommand,  // newline ; & | && ||
  kOpen,          // (
  kClose,         // )
  kEnd,
};

// Views the script.
class ShellLexer {
 public:
  explicit ShellLexer(std::string_view script) : rest_(script) {}

  ShellToken next();
  // The last word. One pair of quotes around the whole of it is taken off; inner ones stay.
  std::string_view word() const { return word_; }

 private:
  void skipBlanks();
  void skipHereDocuments();
  void readWord();
  // Behind the quote, or the closing character of $(…), ${…} or `…`, that opens at `at`.
  std::size_t afterQuote(std::size_t at) const;
  std::size_t afterNested(std::size_t at, char open, char close) const;
  bool readRedirection();

  std::string_view rest_, word_;
  std::vector<std::string_view> here_documents_;  // delimiters, waiting for the end of the line
};

}  // namespace profiling::inject
