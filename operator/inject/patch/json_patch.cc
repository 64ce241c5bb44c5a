#include "operator/inject/patch/json_patch.h"

#include "operator/base/json_text.h"

namespace profiling::inject {

void appendPointerToken(std::string& out, std::string_view token) {
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
}

void JsonPatch::open() {
  if (text_.empty()) {
    text_.reserve(4096);
    text_ += '[';
  } else {
    text_ += "},";
  }
}

std::string& JsonPatch::add(std::string_view path) {
  open();
  text_ += R"({"op":"add","path":)";
  appendJsonString(text_, path);
  text_ += R"(,"value":)";
  return text_;
}

std::string& JsonPatch::addKey(std::string_view parent, std::string_view key) {
  std::string path(parent);
  path += '/';
  appendPointerToken(path, key);
  return add(path);
}

std::string JsonPatch::finish() && {
  if (!text_.empty()) text_ += "}]";
  return std::move(text_);
}

}  // namespace profiling::inject
