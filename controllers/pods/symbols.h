// Text that many records share, stored once: labels of a template, owners, decisions. A record
// holds a number instead; uses are counted, and text without a use is freed.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace profiling::controllers {

using Symbol = std::uint32_t;

// Not thread-safe. Freed numbers are reused.
class SymbolTable {
 public:
  SymbolTable() { (void)add(""); }  // 0 is always the empty text

  Symbol add(std::string_view text);  // counts one more use
  void release(Symbol symbol);
  const std::string& text(Symbol symbol) const { return entries_[symbol].text; }
  std::size_t size() const { return index_.size(); }

 private:
  struct Entry {
    std::string text;
    std::uint32_t uses = 0;
  };
  std::deque<Entry> entries_;  // a deque: the index's keys point into it
  std::unordered_map<std::string_view, Symbol> index_;
  std::vector<Symbol> free_;
};

}  // namespace profiling::controllers
