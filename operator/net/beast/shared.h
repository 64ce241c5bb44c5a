// State shared by the connections of one server. Internal to this folder.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>  // before asio: Boost 1.74's awaitable.hpp uses std::exchange without it
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "operator/base/mutex.h"
#include "operator/net/http_server.h"

namespace profiling::net::beast {

class Connection;

// State of one I/O thread. Only that thread touches `connections`.
struct Worker {
  std::unordered_set<Connection*> connections;  // outlives io, whose handlers own the connections
  boost::asio::io_context io{1};
};

struct Shared {
  ServerOptions options;
  std::vector<Route> routes;
  ServerObserver observer;

  std::atomic<std::size_t> open{0};        // connections
  std::atomic<std::size_t> in_flight{0};   // requests whose reply is not written yet
  std::atomic<std::size_t> big_bodies{0};  // see ServerLimits::concurrent_bodies
  std::atomic<bool> draining{false};

  Mutex peers_mutex;
  // Open connections by address.
  std::map<std::string, std::size_t> peers PROFILING_GUARDED_BY(peers_mutex);

  void rejected(std::string_view reason) const {
    if (observer.rejected) observer.rejected(reason);
  }
};

}  // namespace profiling::net::beast
