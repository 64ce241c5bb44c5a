#include "operator/app/api_server.h"

#include "operator/app/process.h"
#include "operator/base/log.h"
#include "operator/base/str_cat.h"
#include "operator/kube/version.h"
#include "operator/net/cpprest/client.h"

namespace profiling::app {
namespace {

constexpr std::chrono::milliseconds kVersionPatience{2'000}, kPause{1'000};

bool isOutage(Code code) {
  return code == Code::kUnavailable || code == Code::kDeadlineExceeded ||
         code == Code::kRateLimited;
}

}  // namespace

Result<ApiServer> connectApiServer(const CommonOptions& options) {
  auto config = kube::loadConfig(options.kubeconfig, options.kube_context);
  if (!config.ok()) return config.status();
  ApiServer server;
  server.config = *config;
  net::cpprest::ClientOptions client{static_cast<const net::ServerAccess&>(*config)};
  for (auto* slot : {&server.calls, &server.watches}) {
    // A watch lives for up to ten minutes and may be silent all the while.
    if (slot == &server.watches) client.inactivity = std::chrono::seconds(640);
    auto made = net::cpprest::makeClient(client);
    if (!made.ok()) return made.status();
    *slot = *std::move(made);
  }
  log::info("API server chosen", {{"server", config->base_url}});
  return server;
}

Status whenAnswered(const std::function<Status()>& ask) {
  for (bool logged = false;; logged = true) {
    Status status = ask();
    if (!isOutage(status.code())) return status;
    if (!logged) log::warn("Waiting for the API server", {{"reason", status.message()}});
    if (stopRequested(kPause)) return {Code::kCancelled, "stopped before the API server answered"};
  }
}

Result<bool> nativeSidecars(const CommonOptions& options, net::HttpClient& api_server) {
  if (options.native_sidecars != "Auto") return options.native_sidecars == "Always";
  Result<kube::ServerVersion> version(Status(Code::kCancelled, "not asked"));
  const Status answered = whenAnswered([&] {
    version = kube::readVersion(api_server, kVersionPatience, {});
    return version.status();
  });
  if (!answered.ok()) return answered.annotated("the API server's version");
  const bool all = kube::allNodesHaveNativeSidecars(*version);
  log::info("Sidecars chosen",
            {{"kubernetes", strCat(version->major, ".", version->minor)}, {"native", all}});
  return all;
}

std::string hostOf(const kube::ClusterConfig& config) {
  const std::size_t scheme = config.base_url.find("://");
  return scheme == std::string::npos ? config.base_url : config.base_url.substr(scheme + 3);
}

Result<std::unique_ptr<net::HttpClient>> connectAgain(const kube::ClusterConfig& config) {
  return net::cpprest::makeClient({static_cast<const net::ServerAccess&>(config)});
}

inject::Settings injectSettings(const CommonOptions& options, bool native_sidecars) {
  inject::Settings settings;
  settings.agents = options.agents;
  settings.image_pull_policy = options.agent_pull_policy;
  settings.pull_secrets = options.agent_pull_secrets;
  settings.operator_namespace = options.operator_namespace;
  settings.native_sidecars = native_sidecars;
  settings.excluded_namespaces.insert(settings.excluded_namespaces.end(),
                                      options.excluded_namespaces.begin(),
                                      options.excluded_namespaces.end());
  settings.arm64_images = options.arm64_images;
  return settings;
}

}  // namespace profiling::app
