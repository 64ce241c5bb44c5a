// A closed set of words that code compares and people read: an enum with one table that gives each
// value its CamelCase name and one sentence of remedy. Code compares the enum, never the text;
// records are written and read through the table.
//
//   enum class Fruit { kApple, kPear };
//   constexpr Vocabulary<Fruit, 2> kFruits{{{
//       {Fruit::kApple, "Apple", "Eat it today."},
//       {Fruit::kPear, "Pear", "Wait a week."},
//   }}};
//   static_assert(kFruits.inOrder());
//   kFruits.name(Fruit::kPear)    // "Pear"
//   kFruits.find("Apple")         // Fruit::kApple, or nullopt for a word of a newer version
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace profiling {

template <class Enum>
struct Word {
  Enum value;
  std::string_view name;
  std::string_view remedy = {};  // what a person can do; empty where there is nothing to do
};

// Values are 0, 1, 2, … and the table has them in that order.
template <class Enum, std::size_t kCount>
struct Vocabulary {
  std::array<Word<Enum>, kCount> words;

  constexpr bool inOrder() const {
    for (std::size_t i = 0; i < kCount; ++i) {
      if (static_cast<std::size_t>(words[i].value) != i || words[i].name.empty()) return false;
    }
    return true;
  }
  constexpr const Word<Enum>& operator[](Enum value) const {
    return words[static_cast<std::size_t>(value)];
  }
  constexpr std::string_view name(Enum value) const { return (*this)[value].name; }
  constexpr std::string_view remedy(Enum value) const { return (*this)[value].remedy; }
  constexpr std::optional<Enum> find(std::string_view name) const {
    for (const Word<Enum>& word : words) {
      if (word.name == name) return word.value;
    }
    return std::nullopt;
  }
};

}  // namespace profiling
