// Any bytes on a connection to our server: each request that reaches the handler gets one answer, no
// more bytes reach handlers than were sent, and no answer is a redirect. The first byte says where
// the bytes are cut in two.
#include <atomic>

#include "operator/net/beast/server.h"
#include "tests/fuzz/loopback.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)

namespace {

struct Served {
  std::atomic<std::size_t> requests{0}, bytes{0};
  std::unique_ptr<net::HttpServer> server;
};

Served& served() {
  static Served* made = [] {
    auto* s = new Served();
    const auto handler = [s](const net::ServerRequest& request) {
      s->requests++;
      s->bytes += request.body.size();
      for (const char c : request.body) s->bytes += c == '\0' ? 0 : 0;  // reads it whole
      net::ServerResponse response;
      response.body = "\"ok\"";
      return response;
    };
    net::ServerOptions options;
    options.name = "fuzz";
    options.address = "127.0.0.1";
    options.threads = 1;
    options.limits.body = 4096;
    s->server = *net::beast::makeServer(
        options, {{"POST", "/mutate-pods", handler}, {"GET", "/livez", handler}});
    return s;
  }();
  return *made;
}

std::size_t countOf(std::string_view text, std::string_view word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1))
    ++count;
  return count;
}

}  // namespace

FUZZ(std::string_view input) {
  if (input.empty()) return;
  Served& s = served();
  const std::size_t cut = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  s.requests = s.bytes = 0;
  const Socket socket(dial(s.server->port()));
  socket.sendAll(input.substr(0, cut));
  socket.sendAll(input.substr(std::min(cut, input.size())));
  socket.endSending();
  const std::string answers = socket.readAll();
  require(answers.empty() || answers.starts_with("HTTP/1.1 "), "an answer is HTTP/1.1");
  require(countOf(answers, "HTTP/1.1 3") == 0, "no answer is a redirect");
  require(countOf(answers, "HTTP/1.1 200 ") <= s.requests, "an answer needs a request");
  require(s.bytes <= input.size(), "handlers see no more than was sent");
}
