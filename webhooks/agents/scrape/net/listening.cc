#include "webhooks/agents/scrape/net/listening.h"

#include <array>
#include <cstring>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "webhooks/agents/scrape/net/wait.h"

namespace profiling::scrape {
namespace {

constexpr std::uint32_t kListening = 1u << 10;  // TCP_LISTEN

struct Question {
  nlmsghdr header;
  inet_diag_req_v2 request;
};

enum class Said { kYes, kNo, kGoesOn, kNothing };

// `size` bytes of messages, which the kernel aligns.
Said read(const char* bytes, std::size_t size, std::uint16_t port) {
  std::size_t at = 0;
  while (at + sizeof(nlmsghdr) <= size) {
    nlmsghdr header{};
    std::memcpy(&header, bytes + at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > size - at) return Said::kNothing;
    if (header.nlmsg_type == NLMSG_DONE) return Said::kNo;
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return Said::kNothing;
    inet_diag_msg socket{};
    if (header.nlmsg_len < NLMSG_HDRLEN + sizeof socket) return Said::kNothing;
    std::memcpy(&socket, bytes + at + NLMSG_HDRLEN, sizeof socket);
    if (ntohs(socket.id.idiag_sport) == port) return Said::kYes;
    at += NLMSG_ALIGN(header.nlmsg_len);
  }
  return Said::kGoesOn;
}

Said ask(std::uint8_t family, std::uint16_t port) {
  const Fd netlink(
      ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
  Question question{};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  question.request.sdiag_family = family;
  question.request.sdiag_protocol = IPPROTO_TCP;
  question.request.idiag_states = kListening;
  question.request.id.idiag_sport = htons(port);
  if (!netlink || ::send(netlink.get(), &question, sizeof question, 0) < 0) return Said::kNothing;
  std::array<char, 16 * 1024> answer{};
  while (true) {
    // The kernel answers before send() returns.
    const ssize_t n = ::recv(netlink.get(), answer.data(), answer.size(), 0);
    if (n <= 0) return Said::kNothing;
    const Said said = read(answer.data(), static_cast<std::size_t>(n), port);
    if (said != Said::kGoesOn) return said;
  }
}

}  // namespace

std::optional<bool> listens(std::uint16_t port) {
  const Said v4 = ask(AF_INET, port);
  if (v4 == Said::kYes) return true;
  const Said v6 = ask(AF_INET6, port);
  if (v6 == Said::kYes) return true;
  if (v4 != Said::kNo || v6 != Said::kNo) return std::nullopt;
  return false;
}

}  // namespace profiling::scrape
