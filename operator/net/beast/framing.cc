#include "operator/net/beast/framing.h"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>

namespace profiling::net::beast {

namespace http = boost::beast::http;

namespace {

std::string_view text(boost::beast::string_view s) {
  return {s.data(), s.size()};
}

bool plainTarget(std::string_view target) {
  return target.starts_with('/') &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

}  // namespace

std::optional<Refusal> refuse(const RequestHead& head, const ServerLimits& limits) {
  constexpr Refusal kMalformed{400, "malformed"};
  if (head.version() != 11 && head.version() != 10) return kMalformed;
  if (!plainTarget(text(head.target()))) return kMalformed;

  std::size_t fields = 0;
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  for (const auto& field : head) {
    ++fields;
    switch (field.name()) {
      case http::field::host:
        ++hosts;
        break;
      case http::field::content_length:
        ++lengths;
        break;
      case http::field::transfer_encoding:
        if (!boost::beast::iequals(field.value(), "chunked")) return kMalformed;
        break;
      case http::field::upgrade:
      case http::field::http2_settings:
        return kMalformed;
      default:
        break;
    }
  }
  if (fields > limits.header_fields) return Refusal{431, "header_too_large"};
  if (hosts > 1 || (hosts == 0 && head.version() == 11) || lengths > 1) return kMalformed;
  if (lengths == 1 && head.count(http::field::transfer_encoding) != 0) return kMalformed;
  return std::nullopt;
}

bool hasIllegalLine(std::string_view raw) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (c == '\0') return true;
    if (c == '\r' && (i + 1 == raw.size() || raw[i + 1] != '\n')) return true;
    if (c != '\n') continue;
    if (i == 0 || raw[i - 1] != '\r') return true;
    if (i + 1 < raw.size() && (raw[i + 1] == ' ' || raw[i + 1] == '\t')) return true;
  }
  return false;
}

}  // namespace profiling::net::beast
