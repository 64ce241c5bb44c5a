// Keeps the webhook's certificates valid, mounted and trusted.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "controllers/certificates/decide.h"
#include "controllers/runtime/apply_guard.h"
#include "controllers/runtime/controller.h"
#include "controllers/specs/webhook_objects.h"
#include "operator/base/clock.h"
#include "operator/kube/client.h"

namespace profiling::controllers {

inline constexpr const char* kCertificateFieldManager = "profiling-operator-certificates";

struct CertificateSettings {
  std::string operator_namespace;
  std::string webhook_service;
  std::string webhook_configuration;  // of both kinds
  std::string certificate_secret;     // mounted by the webhook; the CA's is caSecretName()
  std::string ca_configmap;
  specs::OwnerDeployment owner;  // of the Secrets and the ConfigMap
};
std::string caSecretName(const CertificateSettings& settings);  // SECRET-ca
std::vector<std::string> webhookDnsNames(const CertificateSettings& settings);

// Every run reads all objects from the API server, never from a cache: a stale answer must not lead
// to a new CA. Several replicas may run at once: each write is a create or carries the
// resourceVersion that was read, so one of them wins and the other reads again.
// One worker. `client` and `clock` must outlive it.
class CertificateReconciler {
 public:
  CertificateReconciler(kube::Client& client, CertificateSettings settings,
                        const Clock& clock = Clock::real());

  // The key is not used. No error is final: when an admission policy that refused a certificate's
  // Secret is fixed, no object changes that would bring the key back.
  Outcome reconcile(const std::string& key, const std::stop_token& stop);

 private:
  Outcome attempt(const std::stop_token& stop);
  struct Configuration {  // of webhooks
    std::string version;
    std::vector<std::string> entries;
  };
  struct Versions {
    std::string ca, leaf;  // resourceVersion; empty: not there
    Configuration mutating, validating;
  };
  Result<CertificateInput> gather(Versions& versions, const std::stop_token& stop);
  Status storeCa(const StoredCa& ca, const std::string& version, const std::stop_token& stop);
  Status storeLeaf(const StoredLeaf& leaf, const std::string& version, const std::stop_token& stop);
  Status writeSecret(const nlohmann::json& secret, const std::string& version,
                     const std::stop_token& stop);
  // kOk with `wait` set: another client keeps overwriting the bundle, so the write is put off.
  Status publish(const CertificateDecision& decision, const Versions& versions,
                 std::optional<Millis>& wait, const std::stop_token& stop);

  kube::Client& client_;
  const CertificateSettings settings_;
  const Clock& clock_;
  ApplyGuard guard_;
};

inline constexpr const char* kCertificateKey = "certificates";  // the queue's only key

// The key is in its queue from the start. Needs no store.
Controller certificateController(kube::Client& client, CertificateSettings settings,
                                 const Clock& clock);

}  // namespace profiling::controllers
