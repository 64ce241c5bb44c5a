#include "webhooks/agents/scrape/net/dns.h"

#include <algorithm>
#include <charconv>

#include "operator/base/text.h"

namespace profiling::scrape {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kMaxName = 253;
constexpr std::size_t kMaxLabel = 63;
constexpr std::uint16_t kInternet = 1;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool sameName(std::string_view a, std::string_view b) {
  if (a.ends_with('.')) a.remove_suffix(1);
  if (b.ends_with('.')) b.remove_suffix(1);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return out;
    line.remove_prefix(first);
    const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

// "ndots:5" with its bounds.
void option(std::string_view word, std::string_view name, int low, int high, int& out) {
  if (!word.starts_with(name) || word.size() <= name.size() || word[name.size()] != ':') return;
  const std::string_view text = word.substr(name.size() + 1);
  int value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc()) {
    out = std::clamp(value, low, high);
  }
}

std::uint16_t number16(std::string_view message, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(message[at]) << 8 |
                                    static_cast<unsigned char>(message[at + 1]));
}

// Skips a name; a pointer ends it. False if the name runs past the message.
bool skipName(std::string_view message, std::size_t& at) {
  while (at < message.size()) {
    const auto length = static_cast<unsigned char>(message[at]);
    if (length >= 0xC0) {
      at += 2;
      return at <= message.size();
    }
    if (length > kMaxLabel) return false;
    at += 1 + length;
    if (length == 0) return at <= message.size();
  }
  return false;
}

// The question's own name, which is never compressed.
std::string questionName(std::string_view message) {
  std::string name;
  std::size_t at = kHeader;
  while (at < message.size()) {
    const auto length = static_cast<unsigned char>(message[at]);
    if (length == 0 || length > kMaxLabel || at + 1 + length > message.size()) break;
    if (!name.empty()) name += '.';
    name += message.substr(at + 1, length);
    at += 1 + length;
  }
  return name;
}

}  // namespace

ResolverSettings parseResolvConf(std::string_view text) {
  ResolverSettings out;
  for (const std::string_view line : split(text, '\n')) {
    const auto parts = words(line);
    if (parts.size() < 2) continue;
    if (parts[0] == "nameserver") {
      const auto address = parseAddress(parts[1]);
      if (address && out.servers.size() < 3) out.servers.push_back(*address);
    } else if (parts[0] == "search" || parts[0] == "domain") {
      out.search.assign(parts.begin() + 1, parts.end());
    } else if (parts[0] == "options") {
      int timeout = static_cast<int>(out.timeout.count());
      for (const std::string_view word : parts) {
        option(word, "ndots", 0, 15, out.dots);
        option(word, "timeout", 1, 30, timeout);
        option(word, "attempts", 1, 5, out.attempts);
      }
      out.timeout = std::chrono::seconds(timeout);
    }
  }
  if (out.servers.empty()) out.servers.push_back(*parseAddress("127.0.0.1"));
  return out;
}

std::vector<Address> addressesInHosts(std::string_view text, std::string_view name) {
  std::vector<Address> found;
  for (const std::string_view line : split(text, '\n')) {
    const auto parts = words(line.substr(0, line.find('#')));
    for (std::size_t i = 1; i < parts.size(); ++i) {
      if (!sameName(parts[i], name)) continue;
      if (const auto address = parseAddress(parts[0])) found.push_back(*address);
      break;
    }
  }
  return found;
}

std::vector<std::string> candidates(std::string_view name, const ResolverSettings& settings) {
  std::vector<std::string> out;
  if (name.ends_with('.')) return {std::string(name.substr(0, name.size() - 1))};
  const bool whole_first = std::count(name.begin(), name.end(), '.') >= settings.dots;
  if (whole_first) out.emplace_back(name);
  for (std::string_view domain : settings.search) {
    if (domain.ends_with('.')) domain.remove_suffix(1);
    if (!domain.empty()) out.push_back(std::string(name) + "." + std::string(domain));
  }
  if (!whole_first) out.emplace_back(name);
  return out;
}

std::optional<std::string> encodeQuery(std::uint16_t id, std::string_view name, RecordType type) {
  if (name.empty() || name.size() > kMaxName) return std::nullopt;
  std::string out;
  const auto put16 = [&](std::uint16_t v) {
    out += static_cast<char>(v >> 8);
    out += static_cast<char>(v & 0xFF);
  };
  put16(id);
  put16(0x0100);  // a query with recursion desired
  put16(1);
  for (int i = 0; i < 3; ++i) put16(0);
  for (const std::string_view label : split(name, '.')) {
    if (label.empty() || label.size() > kMaxLabel) return std::nullopt;
    out += static_cast<char>(label.size());
    out += label;
  }
  out += '\0';
  put16(static_cast<std::uint16_t>(type));
  put16(kInternet);
  return out;
}

DnsAnswer decodeAnswer(std::string_view message, std::uint16_t id, std::string_view name,
                       RecordType type) {
  DnsAnswer answer;
  if (message.size() < kHeader || number16(message, 0) != id) return answer;
  const std::uint16_t flags = number16(message, 2);
  if ((flags & 0x8000) == 0) return answer;
  std::size_t at = kHeader;
  if (number16(message, 4) != 1 || !skipName(message, at) || at + 4 > message.size() ||
      !sameName(questionName(message), name) ||
      number16(message, at) != static_cast<std::uint16_t>(type)) {
    return answer;
  }
  at += 4;
  const int code = flags & 0xF;
  answer.outcome = code == 0   ? DnsOutcome::kAnswered
                   : code == 3 ? DnsOutcome::kNoName
                               : DnsOutcome::kFailed;
  if (code != 0) return answer;
  const std::size_t size = type == RecordType::kA ? 4 : 16;
  for (int left = number16(message, 6); left > 0; --left) {
    if (!skipName(message, at) || at + 10 > message.size()) break;
    const std::uint16_t record = number16(message, at), length = number16(message, at + 8);
    at += 10;
    if (at + length > message.size()) break;
    if (record == static_cast<std::uint16_t>(type) && length == size) {
      Address address;
      address.v6 = type == RecordType::kAaaa;
      std::copy_n(message.begin() + static_cast<std::ptrdiff_t>(at), size, address.bytes.begin());
      answer.addresses.push_back(address);
    }
    at += length;
  }
  constexpr std::uint16_t kTruncated = 0x0200;
  if (answer.addresses.empty() && (flags & kTruncated) != 0) answer.outcome = DnsOutcome::kFailed;
  return answer;
}

}  // namespace profiling::scrape
