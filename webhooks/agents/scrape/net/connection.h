// One TCP connection, plain or TLS, whose every step ends at a deadline or when it is called off.
// One thread at a time.
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
  // To the first address that takes it. With a context it speaks TLS and `host` is the name that
  // the certificate must have. kUnavailable when nobody listens, kTls when the peer is not who it
  // must be.
  static Result<std::unique_ptr<Connection>> open(const std::vector<Address>& addresses,
                                                  std::uint16_t port, const TlsContext* tls,
                                                  const std::string& host, SteadyTime deadline,
                                                  const Cancel& cancel);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Status write(std::string_view bytes, SteadyTime deadline, const Cancel& cancel);
  // At least one byte, or 0 at the end of what the peer sends.
  Result<std::size_t> read(char* into, std::size_t size, SteadyTime deadline, const Cancel& cancel);
  // Whether the peer has said something, such as good-bye, while nothing was asked of it.
  bool stale() const;

 private:
  explicit Connection(Fd socket) : socket_(std::move(socket)) {}
  Status handshake(const TlsContext& tls, const std::string& host, SteadyTime deadline,
                   const Cancel& cancel);
  // What an OpenSSL call that did not succeed asks for; OK to call it again.
  Status afterTls(int result, SteadyTime deadline, const Cancel& cancel, bool& end);

  Fd socket_;
  ssl_st* ssl_ = nullptr;
};

}  // namespace profiling::scrape
