#include "operator/net/beast/server.h"

#include <thread>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "operator/base/log.h"
#include "operator/base/text.h"
#include "operator/net/beast/connection.h"
#include "operator/net/beast/tls.h"

namespace profiling::net::beast {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds kAcceptPause{100};

// An exception in a handler ends that handler, not the thread.
void runForEver(asio::io_context& io) {
  const auto guard = asio::make_work_guard(io);
  while (!io.stopped()) {
    try {
      io.run();
    } catch (const std::exception& e) {
      log::error("I/O handler threw", {{"error", e.what()}});
    }
  }
}

class Server final : public HttpServer {
 public:
  Server(ServerOptions options, std::vector<Route> routes, ServerObserver observer) {
    shared_.options = std::move(options);
    shared_.routes = std::move(routes);
    shared_.observer = std::move(observer);
    if (shared_.options.tls != nullptr)
      contexts_.emplace(*shared_.options.tls, shared_.options.client_ca);
    const int threads = std::max(1, shared_.options.threads);
    for (int i = 0; i < threads; ++i) workers_.push_back(std::make_unique<Worker>());
    acceptor_.emplace(workers_.front()->io);
    pause_.emplace(workers_.front()->io);
  }

  ~Server() override {
    shared_.draining = true;
    for (auto& worker : workers_) worker->io.stop();
    threads_.clear();  // joins
    acceptor_.reset();
    pause_.reset();
    // Pending handlers own the connections; destroy them before Shared.
    workers_.clear();
  }

  Status listen() {
    error_code error;
    const auto address = asio::ip::make_address(shared_.options.address, error);
    if (error) {
      return {Code::kInvalidArgument,
              "address '" + printable(shared_.options.address) + "' must be a literal IP address"};
    }
    tcp::endpoint endpoint(address, shared_.options.port);
    acceptor_->open(endpoint.protocol(), error);
    if (error && address.is_v6() && address.is_unspecified()) {  // no IPv6 on this machine
      endpoint = tcp::endpoint(tcp::v4(), shared_.options.port);
      error = {};
      acceptor_->open(endpoint.protocol(), error);
    } else if (!error && address.is_v6() && address.is_unspecified()) {
      acceptor_->set_option(asio::ip::v6_only(false), error);
    }
    if (!error) acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_->bind(endpoint, error);
    if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return {Code::kUnavailable, "cannot listen on " + shared_.options.address + " port " +
                                      std::to_string(shared_.options.port) + ": " +
                                      error.message()};
    }
    port_ = acceptor_->local_endpoint().port();
    accept();
    for (auto& worker : workers_) {
      threads_.emplace_back([&io = worker->io] { runForEver(io); });
    }
    return {};
  }

  std::uint16_t port() const override { return port_; }

  std::chrono::milliseconds stalledFor() override {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const std::int64_t asked = std::chrono::nanoseconds(now).count();
    std::int64_t longest = 0;
    for (auto& worker : workers_) {
      std::int64_t owed = 0;
      if (worker->asked.compare_exchange_strong(owed, asked)) {
        asio::post(worker->io, [w = worker.get()] { w->asked = 0; });
      } else {
        longest = std::max(longest, asked - owed);
      }
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(longest));
  }

  void closeAfterReplies() override { shared_.closes_after_replies = true; }

  bool drain(std::chrono::milliseconds deadline) override {
    shared_.draining = true;
    asio::post(workers_.front()->io, [this] {
      error_code ignored;
      acceptor_->close(ignored);
    });
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (true) {
      for (auto& worker : workers_) {
        asio::post(worker->io, [w = worker.get()] {
          const auto connections = w->connections;  // closing may destroy them
          for (const auto& [number, connection] : connections) {
            if (w->connections.contains(number)) connection->closeIfIdle();
          }
        });
      }
      if (shared_.open == 0) return true;
      if (std::chrono::steady_clock::now() >= end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

 private:
  void accept() {
    Worker& worker = *workers_[next_++ % workers_.size()];
    acceptor_->async_accept(worker.io, [this, &worker](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted || shared_.draining) return;
      if (error) {  // EMFILE, ENFILE, ENOBUFS: wait for descriptors instead of spinning
        shared_.rejected("accept_paused");
        pause_->expires_after(kAcceptPause);
        pause_->async_wait([this](error_code stopped) {
          if (!stopped) accept();
        });
        return;
      }
      admit(worker, std::move(socket));
      accept();
    });
  }

  void admit(Worker& worker, tcp::socket socket) {
    error_code error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;
    std::shared_ptr<asio::ssl::context> context;
    if (contexts_) {
      context = contexts_->current();
      if (!context) return shed(std::move(socket), "no_certificate");
    }
    const std::uint64_t number = ++numbers_;
    std::string_view refusal;
    bool displaced = false;
    const auto ticket = shared_.door.enter(
        remote.address().to_string(), [&worker, number] { sendAway(worker, number); },
        std::chrono::steady_clock::now(), refusal, displaced);
    if (!ticket) return shed(std::move(socket), refusal);
    if (displaced) shared_.rejected("gave_way");
    ++shared_.open;
    if (shared_.observer.connections) shared_.observer.connections(1);
    socket.set_option(tcp::no_delay(true), error);
    asio::post(worker.io, [this, &worker, number, s = std::move(socket), t = *ticket,
                           c = std::move(context)]() mutable {
      makeConnection(shared_, worker, std::move(s), number, t, std::move(c))->start();
    });
  }

  static void sendAway(Worker& worker, std::uint64_t number) {
    asio::post(worker.io, [&worker, number] {
      const auto it = worker.connections.find(number);
      if (it != worker.connections.end()) it->second->giveWay();
    });
  }

  // Resets instead of closing in order, so that a flood leaves no sockets in TIME_WAIT.
  void shed(tcp::socket socket, std::string_view reason) const {
    shared_.rejected(reason);
    error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
  }

  Shared shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::optional<TlsContexts> contexts_;
  std::optional<tcp::acceptor> acceptor_;
  std::optional<asio::steady_timer> pause_;
  std::size_t next_ = 0;
  std::uint64_t numbers_ = 0;
  std::uint16_t port_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> makeServer(ServerOptions options, std::vector<Route> routes,
                                               ServerObserver observer) {
  auto server =
      std::make_unique<Server>(std::move(options), std::move(routes), std::move(observer));
  if (auto status = server->listen(); !status.ok()) return status;
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace profiling::net::beast
