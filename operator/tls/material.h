// A serving certificate with its chain and key, parsed and checked. Immutable and thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "operator/base/status.h"
#include "operator/net/tls_source.h"

namespace profiling::tls {

// Parses PEM text: the leaf first, then intermediates; the key must be the leaf's. A certificate
// must be valid at `now`, with five minutes of leeway for clock skew. Errors name the defect and
// never hold key material.
Result<std::shared_ptr<const net::TlsMaterial>> parseMaterial(
    std::string_view chain_pem, std::string_view key_pem,
    std::chrono::system_clock::time_point now);

}  // namespace profiling::tls
