// Text tables with aligned columns. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace profiling::cli {

enum class Tone { kPlain, kGood, kBusy, kAlarm, kFaint };

// What the output supports. All off unless it is a terminal, so that pipes get plain ASCII.
struct Style {
  bool colour = false;
  bool unicode = false;    // bars and arrows
  std::size_t width = 0;   // columns; longer lines are cut; 0: no limit
  std::size_t height = 0;  // lines; 0: no limit
};

struct Cell {
  Cell(std::string text, Tone tone = Tone::kPlain)  // NOLINT(google-explicit-constructor)
      : text(std::move(text)), tone(tone) {}
  Cell(const char* text) : text(text) {}  // NOLINT(google-explicit-constructor)
  std::string text;
  Tone tone = Tone::kPlain;
};

struct Table {
  std::vector<std::string> headers;
  std::vector<std::vector<Cell>> rows;  // empty cells render as "-"
};

// The header and one line per row; columns are three blanks apart, as in kubectl.
std::vector<std::string> render(const Table& table, const Style& style);

// "Phase:   Progressing" lines; pairs without a value are dropped.
using Pairs = std::vector<std::pair<std::string, Cell>>;
std::vector<std::string> render(const Pairs& pairs, const Style& style);

// Columns of the text on a terminal: one per code point.
std::size_t columns(std::string_view text);
// At most `width` columns (0: all).
std::string fitted(std::string_view text, std::size_t width);
std::string coloured(std::string text, Tone tone, const Style& style);
std::string joined(const std::vector<std::string>& lines);  // each with its newline

}  // namespace profiling::cli
