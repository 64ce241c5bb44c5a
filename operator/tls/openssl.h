// Ownership of OpenSSL objects, and its error queue as text. For the adapters only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace profiling::tls {

struct OpensslDelete {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(BIO* p) const { BIO_free_all(p); }
  void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
};

using X509Ptr = std::unique_ptr<X509, OpensslDelete>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslDelete>;
using BioPtr = std::unique_ptr<BIO, OpensslDelete>;

// A read-only BIO over `text`, which must outlive it.
BioPtr readBio(std::string_view text);
std::string bioText(BIO* bio);
// Returns this thread's newest error and clears its queue.
std::string opensslError();

}  // namespace profiling::tls
