// One TCP connection, plain or TLS. Every operation ends at a deadline (kDeadlineExceeded) or when it is
// cancelled (kCancelled); kUnavailable: the connection is broken. One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/status.h"
#include "webhooks/agents/scrape/net/address.h"
#include "webhooks/agents/scrape/net/tls.h"
#include "webhooks/agents/scrape/net/wait.h"

struct ssl_st;

namespace profiling::scrape {

class Connection {
 public:
  // Connects to the first address that accepts. With a context it speaks TLS, and the certificate
  // must be for `host`. kUnavailable if nothing listens, kTls if authentication fails.
  static Result<std::unique_ptr<Connection>> open(const std::vector<Address>& addresses,
                                                  std::uint16_t port, const TlsContext* tls,
                                                  const std::string& host, SteadyTime deadline,
                                                  const Cancel& cancel);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Status write(std::string_view bytes, SteadyTime deadline, const Cancel& cancel);
  // Reads at least one byte; 0 at the end of the peer's data.
  Result<std::size_t> read(char* into, std::size_t size, SteadyTime deadline, const Cancel& cancel);
  // Nothing more will be written. The peer sees the end of its input and can still answer. Not with TLS.
  void endOfRequests();
  // Whether the peer has sent something unrequested, such as the end of the connection.
  bool stale() const;

 private:
  explicit Connection(Fd socket) : socket_(std::move(socket)) {}
  Status handshake(const TlsContext& tls, const std::string& host, SteadyTime deadline,
                   const Cancel& cancel);
  // Waits for what an unfinished OpenSSL call needs; OK: call it again.
  Status afterTls(int result, SteadyTime deadline, const Cancel& cancel, bool& end);

  Fd socket_;
  ssl_st* ssl_ = nullptr;
};

}  // namespace profiling::scrape
