// `check-webhook`, run by `helm test`. Sends a dry-run admission of a pod that no policy can match,
// over TLS verified against the published CA, until it is answered or the time is up.
#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "operator/app/run.h"
#include "operator/base/stop.h"
#include "operator/base/text.h"

namespace profiling::app {
namespace {

constexpr std::string_view kUid = "00000000-0000-4000-8000-000000000000";
constexpr std::size_t kMaxAnswer = 1 << 20;

struct Free {
  void operator()(BIO* b) const { BIO_free_all(b); }
  void operator()(SSL_CTX* c) const { SSL_CTX_free(c); }
};

std::string opensslError() {
  const unsigned long code = ERR_get_error();
  if (code == 0) return "connection closed";
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

std::string review() {
  const nlohmann::json object = {
      {"apiVersion", "v1"},
      {"kind", "Pod"},
      {"metadata", {{"name", "check"}, {"namespace", "profiling-check"}}},
      {"spec", {{"containers", {{{"name", "check"}, {"image", "check"}}}}}}};
  const nlohmann::json request = {
      {"uid", kUid},
      {"kind", {{"group", ""}, {"version", "v1"}, {"kind", "Pod"}}},
      {"resource", {{"group", ""}, {"version", "v1"}, {"resource", "pods"}}},
      {"namespace", "profiling-check"},
      {"operation", "CREATE"},
      {"dryRun", true},
      {"object", object}};
  return nlohmann::json{
      {"apiVersion", "admission.k8s.io/v1"}, {"kind", "AdmissionReview"}, {"request", request}}
      .dump();
}

Result<std::string> exchange(const CheckWebhookOptions& options, const std::string& body) {
  const std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(context.get(), options.ca_file.c_str(), nullptr) != 1) {
    return Status(Code::kTls, "--ca '" + options.ca_file + "': " + opensslError());
  }
  const std::unique_ptr<BIO, Free> bio(BIO_new_ssl_connect(context.get()));
  SSL* ssl = nullptr;
  BIO_get_ssl(bio.get(), &ssl);
  SSL_set_mode(ssl, SSL_MODE_AUTO_RETRY);
  SSL_set_tlsext_host_name(ssl, options.server_name.c_str());
  SSL_set1_host(ssl, options.server_name.c_str());
  const std::string address = options.address.host + ":" + std::to_string(options.address.port);
  BIO_set_conn_hostname(bio.get(), address.c_str());
  if (BIO_do_connect(bio.get()) <= 0) {
    const long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK) {
      return Status(Code::kTls, address + ": " + X509_verify_cert_error_string(verdict));
    }
    return Status(Code::kUnavailable, address + ": " + opensslError());
  }
  const std::string request =
      "POST /mutate-pods?timeout=3s HTTP/1.1\r\nHost: " + options.server_name +
      "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  if (BIO_write(bio.get(), request.data(), static_cast<int>(request.size())) <= 0) {
    return Status(Code::kUnavailable, address + ": " + opensslError());
  }
  std::string answer;
  char chunk[4096];
  for (int n = 0; (n = BIO_read(bio.get(), chunk, sizeof chunk)) > 0;) {
    answer.append(chunk, static_cast<std::size_t>(n));
    if (answer.size() > kMaxAnswer) return Status(Code::kTooLarge, "the answer is too long");
  }
  return answer;
}

Status judge(const std::string& answer) {
  const std::size_t head = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.1 200 ") || head == std::string::npos) {
    return {Code::kInternal,
            "expected status 200, got '" + printable(answer.substr(0, answer.find("\r\n"))) + "'"};
  }
  const auto json = nlohmann::json::parse(answer.substr(head + 4), nullptr, false);
  const nlohmann::json response =
      json.is_object() ? json.value("response", nlohmann::json::object()) : json;
  if (!response.is_object() || response.value("uid", "") != kUid ||
      !response.value("allowed", false)) {
    return {Code::kInternal,
            "the answer does not allow the pod: " + printable(answer.substr(head + 4))};
  }
  return {};
}

}  // namespace

int runCheckWebhook(const CheckWebhookOptions& options) {
  const auto end = std::chrono::steady_clock::now() + options.timeout;
  const std::string body = review();
  Status last;
  do {
    const auto answer = exchange(options, body);
    last = answer.ok() ? judge(*answer) : answer.status();
    if (last.ok()) {
      std::cout << "the webhook answers and allows, over TLS as " << options.server_name << "\n";
      return 0;
    }
  } while (std::chrono::steady_clock::now() < end && sleepFor({}, std::chrono::milliseconds(500)));
  std::cerr << "check-webhook: " << last.message() << "\n";
  return 1;
}

}  // namespace profiling::app
