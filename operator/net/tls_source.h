// The source of the server's certificate. The implementation (tls::FileSource) watches files and
// swaps an immutable TlsMaterial; the server takes the current one for each new connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

typedef struct x509_st X509;          // NOLINT(modernize-use-using): OpenSSL's own names
typedef struct evp_pkey_st EVP_PKEY;  // NOLINT(modernize-use-using)

namespace profiling::net {

// A certificate chain with its key, already parsed and checked to belong together. Immutable.
class TlsMaterial {
 public:
  virtual ~TlsMaterial() = default;
  virtual X509* leaf() const = 0;
  virtual EVP_PKEY* key() const = 0;
  virtual std::size_t chainSize() const = 0;  // intermediates after the leaf
  virtual X509* chain(std::size_t index) const = 0;
  virtual std::chrono::system_clock::time_point notAfter() const = 0;
};

// Thread-safe.
class TlsSource {
 public:
  virtual ~TlsSource() = default;
  // Null until the first good pair is read, and never again: a bad pair never replaces a good one.
  virtual std::shared_ptr<const TlsMaterial> current() const = 0;
};

// The CAs whose client certificates are accepted. Immutable.
class ClientCa {
 public:
  virtual ~ClientCa() = default;
  virtual std::size_t size() const = 0;
  virtual X509* certificate(std::size_t index) const = 0;
};

// Thread-safe.
class ClientCaSource {
 public:
  virtual ~ClientCaSource() = default;
  // Null until the first good file is read, and never again.
  virtual std::shared_ptr<const ClientCa> current() const = 0;
};

}  // namespace profiling::net
