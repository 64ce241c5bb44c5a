#include "operator/inject/languages/shell_lexer.h"

#include <algorithm>

namespace profiling::inject {
namespace {

constexpr std::string_view kEndsOfWords = " \t\r\n;&|()<>";

// "'EOF'" is the delimiter EOF.
std::string_view withoutQuotes(std::string_view word) {
  const bool quoted = word.size() >= 2 && (word[0] == '"' || word[0] == '\'') &&
                      word.find(word[0], 1) == word.size() - 1;
  return quoted ? word.substr(1, word.size() - 2) : word;
}

}  // namespace

void ShellLexer::skipBlanks() {
  while (!rest_.empty()) {
    if (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\r') {
      rest_.remove_prefix(1);
    } else if (rest_.starts_with("\\\n")) {
      rest_.remove_prefix(2);
    } else if (rest_[0] == '#') {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    } else {
      return;
    }
  }
}

void ShellLexer::skipHereDocuments() {
  for (const std::string_view delimiter : here_documents_) {
    while (!rest_.empty()) {
      std::string_view line = rest_.substr(0, rest_.find('\n'));
      rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
      while (line.starts_with('\t')) line.remove_prefix(1);
      if (line == delimiter) break;
    }
  }
  here_documents_.clear();
}

std::size_t ShellLexer::afterNested(std::size_t at, char open, char close) const {
  std::size_t depth = 0;
  while (at < rest_.size()) {
    const char c = rest_[at];
    if (c == '\\') {
      at += 2;
    } else if (c == '\'' || c == '"') {
      at = afterQuote(at);
    } else {
      ++at;
      if (c == open) ++depth;
      if (c == close && --depth == 0) return at;
    }
  }
  return rest_.size();
}

std::size_t ShellLexer::afterQuote(std::size_t at) const {
  const char quote = rest_[at++];
  while (at < rest_.size() && rest_[at] != quote) {
    if (rest_[at] == '\\' && quote != '\'') ++at;
    ++at;
  }
  return std::min(at + 1, rest_.size());
}

void ShellLexer::readWord() {
  std::size_t at = 0;
  while (at < rest_.size() && kEndsOfWords.find(rest_[at]) == std::string_view::npos) {
    const char c = rest_[at];
    const char following = at + 1 < rest_.size() ? rest_[at + 1] : '\0';
    if (c == '\\') {
      at += 2;
    } else if (c == '\'' || c == '"' || c == '`') {
      at = afterQuote(at);
    } else if (c == '$' && (following == '(' || following == '{')) {
      at = afterNested(at + 1, following, following == '(' ? ')' : '}');
    } else {
      ++at;
    }
  }
  at = std::min(at, rest_.size());
  word_ = withoutQuotes(rest_.substr(0, at));
  rest_.remove_prefix(at);
}

// Takes ">file", "2>&1", "<<EOF" and the like; false: what follows is none.
bool ShellLexer::readRedirection() {
  const std::size_t op = rest_.find_first_not_of("0123456789");
  if (op == std::string_view::npos || (rest_[op] != '<' && rest_[op] != '>')) return false;
  rest_.remove_prefix(op);
  const bool here = rest_.starts_with("<<") && !rest_.starts_with("<<<");
  rest_.remove_prefix(std::min(rest_.find_first_not_of("<>&|-"), rest_.size()));
  skipBlanks();
  readWord();
  if (here) here_documents_.push_back(word_);
  return true;
}

ShellToken ShellLexer::next() {
  while (true) {
    skipBlanks();
    if (rest_.empty()) return ShellToken::kEnd;
    if (rest_.starts_with("&>")) rest_.remove_prefix(1);
    if (!readRedirection()) break;
  }
  const char c = rest_[0];
  if (kEndsOfWords.find(c) == std::string_view::npos) {
    readWord();
    return ShellToken::kWord;
  }
  rest_.remove_prefix(1);
  if (c == '(') return ShellToken::kOpen;
  if (c == ')') return ShellToken::kClose;
  if (c == '\n') skipHereDocuments();
  return ShellToken::kEndOfCommand;
}

}  // namespace profiling::inject
