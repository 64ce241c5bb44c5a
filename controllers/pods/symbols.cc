#include "controllers/pods/symbols.h"

namespace profiling::controllers {

Symbol SymbolTable::add(std::string_view text) {
  const auto it = index_.find(text);
  if (it != index_.end()) {
    ++entries_[it->second].uses;
    return it->second;
  }
  Symbol symbol = 0;
  if (free_.empty()) {
    symbol = static_cast<Symbol>(entries_.size());
    entries_.emplace_back();
  } else {
    symbol = free_.back();
    free_.pop_back();
  }
  Entry& entry = entries_[symbol];
  entry.text = text;
  entry.uses = 1;
  index_.emplace(entry.text, symbol);
  return symbol;
}

void SymbolTable::release(Symbol symbol) {
  Entry& entry = entries_[symbol];
  if (symbol == 0 || --entry.uses != 0) return;
  index_.erase(entry.text);
  entry.text = std::string();
  free_.push_back(symbol);
}

}  // namespace profiling::controllers
