// A word of a vocabulary as a record holds it: none, a word that this version knows, or text that
// another version wrote. Such text is preserved and equals no value, so that reading and writing a
// record never loses it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "operator/base/vocabulary.h"

namespace profiling::api {

template <class Enum, const auto& kWords>
class RecordedWord {
 public:
  using VocabularyEnum = Enum;

  RecordedWord() = default;
  RecordedWord(Enum value) : value_(value) {}
  static RecordedWord parse(std::string_view text) {
    RecordedWord word;
    word.value_ = kWords.find(text);
    if (!word.value_) word.other_ = text;
    return word;
  }

  bool empty() const { return !value_ && other_.empty(); }
  std::optional<Enum> value() const { return value_; }
  std::string_view text() const { return value_ ? kWords.name(*value_) : std::string_view(other_); }
  // The remedy for users; empty: there is none, or the word is of another version.
  std::string_view remedy() const { return value_ ? kWords.remedy(*value_) : std::string_view(); }

  bool operator==(const RecordedWord&) const = default;
  bool operator==(Enum value) const { return value_ == value; }

 private:
  std::optional<Enum> value_;
  std::string other_;
};

template <class Enum, const auto& kWords, class Out>
Out& operator<<(Out& out, const RecordedWord<Enum, kWords>& word) {
  out << word.text();
  return out;
}

}  // namespace profiling::api
