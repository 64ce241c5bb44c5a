#include "controllers/specs/webhook_objects.h"

#include "controllers/specs/metadata.h"
#include "operator/base/encoding.h"

namespace profiling::specs {
namespace {

using Json = nlohmann::json;

Json secret(std::string_view namespace_, std::string_view name, const char* type, Json data,
            const OwnerDeployment& owner) {
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"type", type},
          {"metadata", ownedMetadata(namespace_, name, owner)},
          {"data", std::move(data)}};
}

}  // namespace

Json ownedMetadata(std::string_view namespace_, std::string_view name,
                   const OwnerDeployment& owner) {
  Json out = {{"name", name},
              {"namespace", namespace_},
              {"labels", {{kNameLabel, "profiling-operator"}, {kManagedByLabel, kManager}}}};
  if (!owner.uid.empty()) {
    out["ownerReferences"] = Json::array({{{"apiVersion", "apps/v1"},
                                           {"kind", "Deployment"},
                                           {"name", owner.name},
                                           {"uid", owner.uid}}});
  }
  return out;
}

Json leafSecret(std::string_view namespace_, std::string_view name, const LeafContent& content,
                const OwnerDeployment& owner) {
  return secret(namespace_, name, "kubernetes.io/tls",
                {{kCertificateKey, base64Encode(content.certificate)},
                 {kPrivateKeyKey, base64Encode(content.key)},
                 {kCaCertificateKey, base64Encode(content.ca_certificate)}},
                owner);
}

Json caSecret(std::string_view namespace_, std::string_view name, const CaContent& content,
              const OwnerDeployment& owner) {
  return secret(namespace_, name, "Opaque",
                {{kCaCertificateKey, base64Encode(content.certificate)},
                 {kCaPrivateKeyKey, base64Encode(content.key)},
                 {kCaBundleKey, base64Encode(content.bundle)}},
                owner);
}

Json caConfigMap(std::string_view namespace_, std::string_view name, std::string_view bundle,
                 const OwnerDeployment& owner) {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", ownedMetadata(namespace_, name, owner)},
          {"data", {{kCaCertificateKey, bundle}}}};
}

Json webhookBundle(std::string_view kind, std::string_view name, std::string_view resource_version,
                   const std::vector<std::string>& webhooks, std::string_view bundle) {
  Json entries = Json::array();
  for (const std::string& webhook : webhooks) {
    entries.push_back({{"name", webhook}, {"clientConfig", {{"caBundle", base64Encode(bundle)}}}});
  }
  return {{"apiVersion", "admissionregistration.k8s.io/v1"},
          {"kind", kind},
          {"metadata", {{"name", name}, {"resourceVersion", resource_version}}},
          {"webhooks", std::move(entries)}};
}

}  // namespace profiling::specs
