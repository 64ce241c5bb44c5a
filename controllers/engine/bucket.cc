#include "controllers/engine/world.h"
#include "operator/base/text.h"

namespace profiling::engine {

// A cryptographic hash, because names that differ in one digit must not come together.
std::uint32_t bucketOf(std::string_view policy_uid, std::string_view workload_key) {
  constexpr std::uint64_t kBuckets = 10'000;
  constexpr std::size_t kDigits = 15;  // 60 bits: no bucket is likelier than another
  const std::string hash =
      hexSha256(std::string(policy_uid).append(1, '/').append(workload_key)).substr(0, kDigits);
  return static_cast<std::uint32_t>(std::stoull(hash, nullptr, 16) % kBuckets);
}

}  // namespace profiling::engine
