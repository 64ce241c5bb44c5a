// State shared by the connections of one server. Internal to this folder.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>  // before asio: Boost 1.74's awaitable.hpp uses std::exchange without it
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "operator/net/beast/door.h"
#include "operator/net/http_server.h"

namespace profiling::net::beast {

class Connection;

// State of one I/O thread. Only that thread touches `connections`.
struct Worker {
  // By number; outlives io, whose handlers own the connections.
  std::unordered_map<std::uint64_t, Connection*> connections;
  std::atomic<std::int64_t> asked{0};  // steady time in ns of the no-op that is owed; 0: none
  boost::asio::io_context io{1};
};

struct Shared {
  ServerOptions options;
  std::vector<Route> routes;
  ServerObserver observer;

  std::atomic<std::size_t> open{0};       // connections
  std::atomic<std::size_t> in_flight{0};  // requests whose reply is not written yet
  std::atomic<bool> draining{false};
  std::atomic<bool> closes_after_replies{false};

  Door door{options.limits};  // after options

  void rejected(std::string_view reason) const {
    if (observer.rejected) observer.rejected(reason);
  }
};

}  // namespace profiling::net::beast
