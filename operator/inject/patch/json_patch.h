// Writes a JSON Patch (RFC 6902) of `add` operations straight into text. `add` on a member that
// exists replaces its value, and "-" as last token appends to an array, so one operation suffices.
#pragma once

#include <string>
#include <string_view>

namespace profiling::inject {

class JsonPatch {
 public:
  // `path` is a JSON pointer already; the caller appends the value to the returned text.
  std::string& add(std::string_view path);
  // For a key as last token: escaped (RFC 6901: ~ is ~0, / is ~1).
  std::string& addKey(std::string_view parent, std::string_view key);

  bool empty() const { return text_.empty(); }
  std::string finish() &&;  // the document; empty when nothing was added

 private:
  void open();
  std::string text_;
};

void appendPointerToken(std::string& out, std::string_view token);

}  // namespace profiling::inject
