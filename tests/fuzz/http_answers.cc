// Any bytes as the answer of a peer of the sidecar: its client ends with a response within the bound,
// or with an error. The first byte says where the bytes are cut in two.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/fuzz/loopback.h"
#include "webhooks/agents/scrape/net/http.h"

using namespace profiling;          // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;    // NOLINT(google-build-using-namespace)
using namespace profiling::scrape;  // NOLINT(google-build-using-namespace)

namespace {

constexpr std::size_t kMaxAnswer = 4096;

// Accepts one connection after the other and writes the current answer to each.
class Peer {
 public:
  Peer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 16);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    std::thread([this] { run(); }).detach();
  }
  std::uint16_t port() const { return port_; }
  void answerWith(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    cut_ = static_cast<unsigned char>(bytes.front());
    answer_ = bytes.substr(1);
  }

 private:
  void run() {
    for (;;) {
      const Socket socket(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
      if (socket.fd() < 0) continue;
      std::string answer;
      std::size_t cut = 0;
      {
        const std::lock_guard lock(mutex_);
        answer = answer_;
        cut = std::min(cut_, answer_.size());
      }
      socket.sendAll(std::string_view(answer).substr(0, cut));
      socket.sendAll(std::string_view(answer).substr(cut));
      socket.endSending();
      (void)socket.readAll();
    }
  }

  const int listener_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::string answer_;
  std::size_t cut_ = 0;
};

}  // namespace

FUZZ(std::string_view input) {
  if (input.empty()) return;
  static Peer* peer = new Peer();
  peer->answerWith(input);
  Url url;
  url.host = "127.0.0.1";
  url.port = peer->port();
  HttpClient client(url, nullptr, {}, kMaxAnswer);
  const Cancel never;
  const auto answer =
      client.send({"GET", "/debug/pprof/heap", {}, {}},
                  std::chrono::steady_clock::now() + std::chrono::seconds(10), never);
  if (!answer.ok()) {
    require(answer.status().code() != Code::kDeadlineExceeded,
            "an answer that ended is not waited for");
    return;
  }
  require(answer->body.size() <= kMaxAnswer, "a body is bounded");
  require(answer->status >= 100 && answer->status <= 999, "a status has three digits");
}
