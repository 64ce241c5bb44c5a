#include "webhooks/agents/scrape/net/resolver.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <random>
#include <sys/socket.h>
#include <unistd.h>

#include "operator/base/text.h"
#include "webhooks/agents/scrape/net/socket_address.h"

namespace profiling::scrape {
namespace {

constexpr std::size_t kMaxFile = 256 * 1024;

// Empty if the file cannot be read; resolvers treat a missing file alike.
std::string readFile(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> block{};
  while (file && text.size() < kMaxFile) {
    const ssize_t n = ::read(file.get(), block.data(), block.size());
    if (n <= 0) break;
    text.append(block.data(), static_cast<std::size_t>(n));
  }
  return text;
}

std::uint16_t randomId() {
  return static_cast<std::uint16_t>(std::random_device{}());
}

// Sends one query to one server.
Result<DnsAnswer> ask(const Address& server, std::uint16_t port, const std::string& name,
                      RecordType type, SteadyTime deadline, const Cancel& cancel) {
  const std::uint16_t id = randomId();
  const auto query = encodeQuery(id, name, type);
  if (!query) return Status(Code::kInvalidArgument, "'" + printable(name) + "' is no domain name");
  const SocketAddress to(server, port);
  // A connected socket accepts answers from this server only, and reports a closed port.
  const Fd udp(::socket(to.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!udp || ::connect(udp.get(), to.get(), to.size()) != 0 ||
      ::send(udp.get(), query->data(), query->size(), MSG_NOSIGNAL) < 0) {
    return Status(Code::kUnavailable, "DNS server " + server.text() + " cannot be reached");
  }
  std::array<char, 4096> message{};
  while (true) {
    if (Status s = waitFor(udp.get(), For::kReading, deadline, cancel); !s.ok()) return s;
    const ssize_t n = ::recv(udp.get(), message.data(), message.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (n < 0) return Status(Code::kUnavailable, "DNS server " + server.text() + " refuses");
    DnsAnswer answer = decodeAnswer({message.data(), static_cast<std::size_t>(n)}, id, name, type);
    if (answer.outcome != DnsOutcome::kForeign) return answer;
  }
}

// Queries every server in turn, as often as resolv.conf says, until one gives a valid answer.
Result<DnsAnswer> askAll(const ResolverSettings& settings, std::uint16_t port,
                         const std::string& name, RecordType type, SteadyTime deadline,
                         const Cancel& cancel) {
  Status last(Code::kUnavailable, "no DNS server answers");
  for (int attempt = 0; attempt < settings.attempts; ++attempt) {
    for (const Address& server : settings.servers) {
      const SteadyTime now = std::chrono::steady_clock::now();
      if (now >= deadline) return last;
      auto answer =
          ask(server, port, name, type, std::min(deadline, now + settings.timeout), cancel);
      if (answer.ok() && answer->outcome != DnsOutcome::kFailed) return answer;
      if (answer.ok()) {
        last = Status(Code::kUnavailable, "DNS server " + server.text() + " reports an error");
      } else if (answer.status().code() == Code::kCancelled ||
                 answer.status().code() == Code::kInvalidArgument) {
        return answer.status();
      } else {
        last = Status(Code::kUnavailable,
                      "DNS server " + server.text() + ": " + answer.status().message());
      }
    }
  }
  return last;
}

}  // namespace

Result<std::vector<Address>> Resolver::resolve(const std::string& host, SteadyTime deadline,
                                               const Cancel& cancel) const {
  if (const auto literal = parseAddress(host)) return std::vector<Address>{*literal};
  auto known = addressesInHosts(readFile(places_.hosts), host);
  if (!known.empty()) return known;
  const ResolverSettings settings = parseResolvConf(readFile(places_.resolv_conf));
  for (const std::string& name : candidates(host, settings)) {
    for (const RecordType type : {RecordType::kA, RecordType::kAaaa}) {
      auto answer = askAll(settings, places_.port, name, type, deadline, cancel);
      if (!answer.ok()) return answer.status().annotated("looking up '" + printable(host) + "'");
      if (!answer->addresses.empty()) return std::move(answer->addresses);
      if (answer->outcome == DnsOutcome::kNoName) break;
    }
  }
  return Status(Code::kNotFound, "no such host '" + printable(host) + "'");
}

}  // namespace profiling::scrape
