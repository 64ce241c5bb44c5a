// The objects that carry the webhook's certificates. Pure.
//
// Two Secrets, because the webhook's pods mount one of them and must never hold the CA's key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace profiling::specs {

inline constexpr const char* kCertificateKey = "tls.crt";
inline constexpr const char* kPrivateKeyKey = "tls.key";
inline constexpr const char* kCaCertificateKey = "ca.crt";
inline constexpr const char* kCaPrivateKeyKey = "ca.key";
// In the CA's Secret: the CA and, during a rotation, the one before it.
inline constexpr const char* kCaBundleKey = "bundle.crt";

// The owner of the objects, which are deleted with it; with an empty uid they stay.
struct OwnerDeployment {
  std::string name, uid;
};
struct LeafContent {
  std::string certificate, key, ca_certificate;
};
struct CaContent {
  std::string certificate, key, bundle;
};

// Name, namespace, our labels and the owner.
nlohmann::json ownedMetadata(std::string_view namespace_, std::string_view name,
                             const OwnerDeployment& owner);

// Complete objects, for create; the `data` of each also serves as a merge patch.
nlohmann::json leafSecret(std::string_view namespace_, std::string_view name,
                          const LeafContent& content, const OwnerDeployment& owner = {});
nlohmann::json caSecret(std::string_view namespace_, std::string_view name,
                        const CaContent& content, const OwnerDeployment& owner = {});
nlohmann::json caConfigMap(std::string_view namespace_, std::string_view name,
                           std::string_view bundle, const OwnerDeployment& owner = {});

// For server-side apply: only the bundle of each named entry of a webhook configuration of either
// kind; the rest belongs to its installer. `resource_version` makes the write fail if the
// configuration has changed since.
nlohmann::json webhookBundle(std::string_view kind, std::string_view name,
                             std::string_view resource_version,
                             const std::vector<std::string>& webhooks, std::string_view bundle);

}  // namespace profiling::specs
