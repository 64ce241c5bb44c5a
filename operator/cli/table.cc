#include "operator/cli/table.h"

#include <algorithm>
#include <utility>

#include "operator/base/text.h"

namespace profiling::cli {
namespace {

constexpr std::size_t kGap = 3;
constexpr std::size_t kLongestCell = 512;

bool beginsCharacter(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

// Each begins with kOurEscape (operator/cli/terminal_text.h).
const char* codeOf(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "\xFF[32m";
    case Tone::kBusy:
      return "\xFF[36m";
    case Tone::kAlarm:
      return "\xFF[1;31m";
    case Tone::kFaint:
      return "\xFF[2m";
    case Tone::kPlain:
      break;
  }
  return "";
}

// Text from the cluster is never printed raw: a message could contain escape sequences.
std::string shown(const Cell& cell) {
  return cell.text.empty() ? "-" : printable(cell.text, kLongestCell);
}

// One line of padded cells, cut to the width and then coloured.
std::string line(const std::vector<Cell>& cells, const std::vector<std::size_t>& widths,
                 const Style& style) {
  std::string out;
  std::size_t used = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::string text = shown(cells[i]);
    if (style.width > 0) {
      if (used >= style.width) break;
      text = fitted(text, style.width - used);
    }
    const std::size_t wide = columns(text);
    used += wide;
    out += coloured(std::move(text), cells[i].tone, style);
    if (i + 1 == cells.size()) break;
    const std::size_t blanks = widths[i] + kGap - std::min(wide, widths[i]);
    out.append(blanks, ' ');
    used += blanks;
  }
  return out;
}

}  // namespace

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), beginsCharacter));
}

std::string fitted(std::string_view text, std::size_t width) {
  if (width == 0 || columns(text) <= width) return std::string(text);
  std::size_t seen = 0;
  std::size_t end = 0;
  while (end < text.size() && (seen < width || !beginsCharacter(text[end]))) {
    if (beginsCharacter(text[end])) ++seen;
    ++end;
  }
  return std::string(text.substr(0, end));
}

std::string coloured(std::string text, Tone tone, const Style& style) {
  if (!style.colour || tone == Tone::kPlain || text.empty()) return text;
  return codeOf(tone) + std::move(text) + "\xFF[0m";
}

std::vector<std::string> render(const Table& table, const Style& style) {
  std::vector<std::size_t> widths;
  std::vector<Cell> head;
  for (const std::string& header : table.headers) {
    widths.push_back(columns(header));
    head.emplace_back(header, Tone::kFaint);
  }
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], columns(shown(row[i])));
    }
  }
  std::vector<std::string> lines{line(head, widths, style)};
  for (const auto& row : table.rows) lines.push_back(line(row, widths, style));
  return lines;
}

std::vector<std::string> render(const Pairs& pairs, const Style& style) {
  std::size_t widest = 0;
  for (const auto& [name, value] : pairs) {
    if (!value.text.empty()) widest = std::max(widest, columns(name) + 1);
  }
  std::vector<std::string> lines;
  for (const auto& [name, value] : pairs) {
    if (!value.text.empty()) lines.push_back(line({Cell(name + ":"), value}, {widest, 0}, style));
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& text : lines) out += text + "\n";
  return out;
}

}  // namespace profiling::cli
