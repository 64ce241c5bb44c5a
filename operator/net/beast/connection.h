// One connection: handshake, then requests in order until one side is done. Internal.
//
// Everything runs on the worker's thread. One timer holds the current step's deadline; it is
// re-armed lazily, so that a step that ends in time costs no timer operation.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "operator/net/beast/shared.h"

namespace profiling::net::beast {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Shared& shared, Worker& worker, std::uint64_t number, Door::Ticket ticket);
  virtual ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  virtual void start() = 0;
  // Ends the connection if no request is being read or answered on it.
  virtual void closeIfIdle() = 0;
  // Ends the connection, because another one needs its place.
  virtual void giveWay() = 0;

 protected:
  Shared& shared_;
  Worker& worker_;
  const std::uint64_t number_;
  const Door::Ticket ticket_;
};

// Plain HTTP if `context` is null. The connection is registered with the worker until destroyed.
std::shared_ptr<Connection> makeConnection(Shared& shared, Worker& worker,
                                           boost::asio::ip::tcp::socket socket,
                                           std::uint64_t number, Door::Ticket ticket,
                                           std::shared_ptr<boost::asio::ssl::context> context);

}  // namespace profiling::net::beast
