#include "operator/api/v1alpha1/endpoint_url.h"

#include <algorithm>
#include <string>
#include <vector>

#include "operator/base/text.h"

namespace profiling::api {
namespace {

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}
bool isAlnum(char c) {
  return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool all(std::string_view text, bool (*allowed)(char)) {
  return std::all_of(text.begin(), text.end(), allowed);
}

// What follows the scheme, up to the path; nothing for another scheme.
std::string_view authorityOf(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!url.starts_with(scheme)) continue;
    url.remove_prefix(scheme.size());
    return url.substr(0, url.find('/'));
  }
  return {};
}

// The host without port; an IPv6 address keeps its brackets. The rest is the port.
std::string_view hostOf(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool isHost(std::string_view host) {
  if (host.starts_with('[')) {
    if (host.size() < 4 || !host.ends_with(']')) return false;
    return all(host.substr(1, host.size() - 2), [](char c) {
      return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
    });
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || !isAlnum(host.front()) || !isAlnum(host.back())) return false;
  return all(host, [](char c) { return isAlnum(c) || c == '.' || c == '-' || c == '_'; });
}

bool isDecimal(std::string_view part) {
  return !part.empty() && part.size() <= 3 && all(part, isDigit) &&
         (part.size() == 1 || part[0] != '0');
}

// Resolvers also read 0x7f.1 and 2130706433 as addresses.
bool isNumber(std::string_view part) {
  if (part.starts_with("0x")) {
    return all(part.substr(2), [](char c) { return isDigit(c) || (c >= 'a' && c <= 'f'); });
  }
  return !part.empty() && all(part, isDigit);
}

bool isOwnIpv4(std::string_view host) {
  const std::vector<std::string_view> parts = split(host, '.');
  if (!std::all_of(parts.begin(), parts.end(), isNumber)) return false;
  if (parts.size() != 4 || !std::all_of(parts.begin(), parts.end(), isDecimal)) return true;
  return parts[0] == "127" || parts[0] == "0" || host.starts_with("169.254.") ||
         host == "100.100.100.200";
}

// `host` without brackets. Addresses that embed an IPv4 address are refused as a whole.
bool isOwnIpv6(std::string_view host) {
  if (host.find_first_not_of("0:") == std::string_view::npos) return true;  // ::
  if (host.ends_with('1') &&
      host.substr(0, host.size() - 1).find_first_not_of("0:") == std::string_view::npos) {
    return true;  // ::1
  }
  if (host.find('.') != std::string_view::npos) return true;
  const std::string_view zeros = host.substr(0, host.find_first_not_of("0:"));
  if (zeros.size() > 1 && host.substr(zeros.size()).starts_with("ffff:")) return true;
  const bool link_local = host.size() > 4 && host.starts_with("fe") && host[4] == ':' &&
                          std::string_view("89ab").find(host[2]) != std::string_view::npos;
  return link_local || host == "fd00:ec2::254";
}

}  // namespace

bool isEndpointUrl(std::string_view url) {
  const std::string_view authority = authorityOf(url);
  const std::string_view host = hostOf(authority);
  if (!isHost(host)) return false;
  const std::string_view port = authority.substr(host.size());
  if (!port.empty() &&
      (port[0] != ':' || port.size() < 2 || port.size() > 6 || !all(port.substr(1), isDigit))) {
    return false;
  }
  const std::string_view path = url.substr(url.find(authority) + authority.size());
  return all(path, [](char c) { return c > ' ' && c < 0x7F && c != '?' && c != '#'; });
}

bool isForeignHost(std::string_view url) {
  std::string host(hostOf(authorityOf(url)));
  for (char& c : host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (host.starts_with('[')) return !isOwnIpv6(host.substr(1, host.size() - 2));
  if (host.ends_with('.')) host.pop_back();
  return host != "localhost" && !host.ends_with(".localhost") &&
         host != "metadata.google.internal" && !isOwnIpv4(host);
}

std::string_view endpointProblem(std::string_view url) {
  if (!isEndpointUrl(url)) {
    return "`endpoint.url` must be http:// or https:// with a host and at most a path, in "
           "printable "
           "ASCII: no user, query or fragment";
  }
  if (!isForeignHost(url)) {
    return "`endpoint.url` must not name the pod or the node itself: no loopback, link-local or "
           "metadata address, and no address in another form than 192.0.2.1 or [2001:db8::1]";
  }
  return {};
}

}  // namespace profiling::api
