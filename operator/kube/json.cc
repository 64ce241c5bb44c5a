#include "operator/kube/json.h"

#include <nlohmann/json.hpp>

#include "operator/base/str_cat.h"

namespace profiling::kube {
namespace {

bool deeperThan(std::string_view text, int limit) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limit) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<nlohmann::json> parseJson(std::string_view text) {
  if (deeperThan(text, kMaxJsonDepth)) {
    return Status(Code::kInternal,
                  strCat("the server's JSON is nested deeper than ", kMaxJsonDepth, " levels"));
  }
  nlohmann::json value = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) {
    return Status(Code::kInternal,
                  strCat("the server's answer of ", text.size(), " bytes is not JSON"));
  }
  return value;
}

std::string dumpJson(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace profiling::kube
