#include "controllers/certificates/reconciler.h"

#include <algorithm>
#include <utility>

#include "controllers/specs/metadata.h"
#include "controllers/specs/webhook_objects.h"
#include "operator/api/json_access.h"
#include "operator/base/encoding.h"
#include "operator/base/log.h"

namespace profiling::controllers {
namespace {

using api::member;
using api::text;

using Json = nlohmann::json;

constexpr std::chrono::seconds kRefusalRetry{15};
constexpr int kPasses = 3;  // a new CA, then everything else, then nothing

std::string secretValue(const Json& secret, const char* key) {
  return base64Decode(text(member(secret, "data", key))).value_or("");
}

std::string versionOf(const Json& object) {
  return text(member(object, "metadata", "resourceVersion"));
}

}  // namespace

std::string caSecretName(const CertificateSettings& settings) {
  return settings.certificate_secret + "-ca";
}

std::vector<std::string> webhookDnsNames(const CertificateSettings& settings) {
  const std::string name = settings.webhook_service + "." + settings.operator_namespace + ".svc";
  return {name, name + ".cluster.local"};
}

CertificateReconciler::CertificateReconciler(kube::Client& client, CertificateSettings settings,
                                             const Clock& clock)
    : client_(client), settings_(std::move(settings)), clock_(clock), guard_(clock) {
}

Outcome CertificateReconciler::reconcile(const std::string& /*key*/, const std::stop_token& stop) {
  Outcome outcome = attempt(stop);
  const Code code = outcome.status.code();
  if ((code == Code::kInvalidArgument || code == Code::kTooLarge) && !outcome.status.retryAfter()) {
    outcome.status = std::move(outcome.status).withRetryAfter(kRefusalRetry);
  }
  return outcome;
}

Outcome CertificateReconciler::attempt(const std::stop_token& stop) {
  for (int pass = 0; pass < kPasses; ++pass) {
    Versions versions;
    auto input = gather(versions, stop);
    if (!input.ok()) return Outcome::failed(input.status());
    const CertificateDecision decision = decideCertificates(*input);

    if (decision.make_ca) {
      // One CA for each run: if an admission policy or a broken store drops it, we must not keep
      // creating CAs.
      if (pass > 0) {
        return Outcome::failed(
            Status(Code::kInternal, "the CA that was just stored reads as " + decision.ca_reason));
      }
      auto ca = tls::makeCa("profiling-operator-ca", input->now, kCaLifetime);
      if (!ca.ok()) return Outcome::failed(ca.status());
      log::info("Certificate authority created", {{"reason", decision.ca_reason}});
      const std::string bundle = overlapBundle(ca->certificate, *input);
      const Status stored = storeCa({ca->certificate, ca->key, bundle}, versions.ca, stop);
      if (!stored.ok()) return Outcome::failed(stored);
      continue;
    }
    if (decision.store_bundle) {
      const Status stored =
          storeCa({input->ca.certificate, input->ca.key, decision.bundle}, versions.ca, stop);
      if (!stored.ok()) return Outcome::failed(stored);
    }
    std::optional<Millis> wait;
    if (const Status s = publish(decision, versions, wait, stop); !s.ok())
      return Outcome::failed(s);
    if (decision.issue_leaf) {
      auto leaf = tls::issueLeaf({input->ca.certificate, input->ca.key}, input->dns_names,
                                 input->now, kLeafLifetime);
      if (!leaf.ok()) return Outcome::failed(leaf.status());
      log::info("Serving certificate issued", {{"reason", leafProblemName(decision.leaf_problem)}});
      const Status stored =
          storeLeaf({leaf->certificate, leaf->key, input->ca.certificate}, versions.leaf, stop);
      if (!stored.ok()) return Outcome::failed(stored);
      continue;  // when to come back depends on the new leaf
    }
    const Millis next = std::chrono::duration_cast<Millis>(decision.check_after);
    return Outcome::after(wait ? std::min(*wait, next) : next);
  }
  return Outcome::after(std::chrono::seconds(1));
}

Result<CertificateInput> CertificateReconciler::gather(Versions& versions,
                                                       const std::stop_token& stop) {
  CertificateInput input;
  input.now = clock_.wall();
  input.dns_names = webhookDnsNames(settings_);
  const auto read = [&](const kube::Resource& resource, const std::string& namespace_,
                        const std::string& name, const auto& use) -> Status {
    const auto object = client_.get(resource, namespace_, name, stop);
    if (object.ok()) {
      use(*object);
    } else if (object.status().code() != Code::kNotFound) {
      return object.status().annotated("read " + resource.plural + " '" + name + "'");
    }
    return {};
  };
  const std::string& ns = settings_.operator_namespace;
  Status status = read(kube::resources::kSecrets, ns, caSecretName(settings_), [&](const Json& o) {
    versions.ca = versionOf(o);
    input.ca = {secretValue(o, specs::kCaCertificateKey), secretValue(o, specs::kCaPrivateKeyKey),
                secretValue(o, specs::kCaBundleKey)};
  });
  if (!status.ok()) return status;
  status = read(kube::resources::kSecrets, ns, settings_.certificate_secret, [&](const Json& o) {
    versions.leaf = versionOf(o);
    input.leaf = {secretValue(o, specs::kCertificateKey), secretValue(o, specs::kPrivateKeyKey),
                  secretValue(o, specs::kCaCertificateKey)};
  });
  if (!status.ok()) return status;
  status = read(kube::resources::kConfigMaps, ns, settings_.ca_configmap, [&](const Json& o) {
    input.config_map_bundle = text(member(o, "data", specs::kCaCertificateKey));
  });
  if (!status.ok()) return status;
  const auto bundles = [&](const kube::Resource& resource, Configuration& configuration,
                           std::optional<std::vector<std::string>>& published) {
    return read(resource, "", settings_.webhook_configuration, [&](const Json& o) {
      configuration.version = versionOf(o);
      published.emplace();
      const Json& webhooks = member(o, "webhooks");
      if (!webhooks.is_array()) return;
      for (const Json& webhook : webhooks) {
        configuration.entries.push_back(text(member(webhook, "name")));
        published->push_back(
            base64Decode(text(member(webhook, "clientConfig", "caBundle"))).value_or(""));
      }
    });
  };
  status = bundles(kube::resources::kMutatingWebhooks, versions.mutating, input.published_bundles);
  if (!status.ok()) return status;
  status =
      bundles(kube::resources::kValidatingWebhooks, versions.validating, input.validating_bundles);
  if (!status.ok()) return status;
  return input;
}

Status CertificateReconciler::storeCa(const StoredCa& ca, const std::string& version,
                                      const std::stop_token& stop) {
  return writeSecret(specs::caSecret(settings_.operator_namespace, caSecretName(settings_),
                                     {ca.certificate, ca.key, ca.bundle}, settings_.owner),
                     version, stop);
}

Status CertificateReconciler::storeLeaf(const StoredLeaf& leaf, const std::string& version,
                                        const std::stop_token& stop) {
  return writeSecret(
      specs::leafSecret(settings_.operator_namespace, settings_.certificate_secret,
                        {leaf.certificate, leaf.key, leaf.ca_certificate}, settings_.owner),
      version, stop);
}

Status CertificateReconciler::writeSecret(const Json& secret, const std::string& version,
                                          const std::stop_token& stop) {
  const std::string name = text(member(secret, "metadata", "name"));
  Status result;
  if (version.empty()) {
    result = client_.create(kube::resources::kSecrets, settings_.operator_namespace, secret, stop)
                 .status();
    // Another replica was faster: read again.
    if (result.code() == Code::kAlreadyExists) result = Status(Code::kConflict, result.message());
  } else {
    const Json patch{{"metadata", {{"resourceVersion", version}}}, {"data", secret.at("data")}};
    result =
        client_
            .mergePatch(kube::resources::kSecrets, settings_.operator_namespace, name, patch, stop)
            .status();
  }
  return result.ok() ? result : result.annotated("write Secret '" + name + "'");
}

Status CertificateReconciler::publish(const CertificateDecision& decision, const Versions& versions,
                                      std::optional<Millis>& wait, const std::stop_token& stop) {
  const std::string content = specs::hashOf(decision.bundle);
  const auto write = [&](const char* what, const kube::Resource& resource, const Json& object) {
    if (const auto held = guard_.check(what, content)) {
      wait = wait ? std::min(*wait, *held) : *held;
      return Status();
    }
    Status result = client_.apply(resource, object, kCertificateFieldManager, stop).status();
    if (result.ok()) {
      log::info("Certificate bundle published", {{"where", what}});
      return result;
    }
    guard_.forget(what);
    return result.annotated(std::string("publish the bundle in the ") + what);
  };
  const auto configure = [&](const char* kind, const kube::Resource& resource,
                             const Configuration& configuration) {
    return write(kind, resource,
                 specs::webhookBundle(kind, settings_.webhook_configuration, configuration.version,
                                      configuration.entries, decision.bundle));
  };
  if (decision.publish_webhook) {
    Status s = configure("MutatingWebhookConfiguration", kube::resources::kMutatingWebhooks,
                         versions.mutating);
    if (!s.ok()) return s;
  }
  if (decision.publish_validating) {
    Status s = configure("ValidatingWebhookConfiguration", kube::resources::kValidatingWebhooks,
                         versions.validating);
    if (!s.ok()) return s;
  }
  if (!decision.publish_config_map) return {};
  return write("ConfigMap", kube::resources::kConfigMaps,
               specs::caConfigMap(settings_.operator_namespace, settings_.ca_configmap,
                                  decision.bundle, settings_.owner));
}

Controller certificateController(kube::Client& client, CertificateSettings settings,
                                 const Clock& clock) {
  Controller controller{
      "certificates", makeQueue({Millis(200), std::chrono::minutes(1)}, clock),
      reconcileBy(std::make_shared<CertificateReconciler>(client, std::move(settings), clock))};
  controller.needs_sync = false;
  controller.queue->add(kCertificateKey);
  return controller;
}

}  // namespace profiling::controllers
