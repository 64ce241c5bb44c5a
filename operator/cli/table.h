// Tables of text for people: lines in, aligned lines out. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace profiling::cli {

enum class Tone { kPlain, kGood, kBusy, kAlarm, kFaint };

// What the output can show. Nothing of it but on a terminal, so that pipes get plain ASCII.
struct Style {
  bool colour = false;
  bool unicode = false;    // bars and arrows; names of objects are ASCII anyway
  std::size_t width = 0;   // columns; longer lines are cut. 0: never
  std::size_t height = 0;  // lines of the screen. 0: no limit
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
  std::vector<std::vector<Cell>> rows;  // an empty cell is shown as "-"
};

// The header and one line for each row, columns three blanks apart as kubectl has them.
std::vector<std::string> render(const Table& table, const Style& style);

// "Phase:   Progressing" lines; pairs with an empty value are left out.
using Pairs = std::vector<std::pair<std::string, Cell>>;
std::vector<std::string> render(const Pairs& pairs, const Style& style);

// Columns that the text takes on a terminal, one for each code point.
std::size_t columns(std::string_view text);
// At most `width` columns (0: all).
std::string fitted(std::string_view text, std::size_t width);
std::string coloured(std::string text, Tone tone, const Style& style);
std::string joined(const std::vector<std::string>& lines);  // each with its newline

}  // namespace profiling::cli
