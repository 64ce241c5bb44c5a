#include "operator/kube/kubeconfig.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include <yaml-cpp/yaml.h>

#include "operator/base/encoding.h"
#include "operator/base/text.h"

namespace profiling::kube {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;

Status invalid(std::string message) {
  return {Code::kInvalidArgument, std::move(message)};
}

bool hasPem(std::string_view text, std::string_view label) {
  return text.find("-----BEGIN ") != std::string_view::npos &&
         text.find(std::string(label) + "-----") != std::string_view::npos;
}

struct File {
  std::string path;
  YAML::Node root;
};

// One map of a kubeconfig with its name for error messages and the folder that its relative paths
// start from.
struct Entry {
  YAML::Node node;
  std::string where;  // "/home/me/.kube/config: users['admin'].user"
  std::filesystem::path folder;

  // Empty when absent or null; kInvalidArgument when it is not a scalar.
  Result<std::string> text(const char* key) const {
    const YAML::Node value = node[key];
    if (!value || value.IsNull()) return std::string();
    if (!value.IsScalar()) return invalid(where + "." + key + " must be a string");
    return value.Scalar();
  }
  bool has(const char* key) const {
    const YAML::Node value = node[key];
    return value && !value.IsNull();
  }
};

Result<File> load(const std::string& path) {
  Result<std::string> text = readSmallFile(path);
  if (!text.ok()) return text.status();
  try {
    File file{path, YAML::Load(*text)};
    if (!file.root.IsMap()) return invalid(path + ": a kubeconfig must be a YAML map");
    return file;
  } catch (const YAML::Exception& e) {
    return invalid(path + ": not YAML, line " + std::to_string(e.mark.line + 1));
  }
}

// clusters, users and contexts are lists of {name: …, cluster|user|context: {…}}.
Result<Entry> find(const std::vector<File>& files, const char* list, const char* member,
                   const std::string& name) {
  std::string names;
  for (const File& file : files) {
    const YAML::Node items = file.root[list];
    if (!items || !items.IsSequence()) continue;
    for (const YAML::Node& item : items) {
      if (!item.IsMap() || !item["name"] || !item["name"].IsScalar()) continue;
      const std::string item_name = item["name"].Scalar();
      names += (names.empty() ? "'" : ", '") + printable(item_name, 60) + "'";
      if (item_name != name) continue;
      const std::string where = file.path + ": " + list + "['" + printable(name) + "']." + member;
      if (!item[member] || !item[member].IsMap()) return invalid(where + " must be a map");
      return Entry{item[member], where, std::filesystem::path(file.path).parent_path()};
    }
  }
  return invalid(files.front().path + ": " + list + " has no '" + printable(name) + "'; there is " +
                 (names.empty() ? "none" : printable(names, 300)));
}

// The PEM text of KEY-data (base64) or of the file that KEY names; empty if neither is set.
Result<std::string> pem(const Entry& entry, const std::string& key, std::string_view label) {
  const std::string data_key = key + "-data";
  const Result<std::string> data = entry.text(data_key.c_str());
  if (!data.ok()) return data.status();
  if (!data->empty()) {
    const std::optional<std::string> decoded = base64Decode(trim(*data));
    if (decoded && hasPem(*decoded, label)) return *decoded;
    return invalid(entry.where + "." + data_key + " must be base64 of PEM text with a " +
                   std::string(label));
  }
  Result<std::string> file = entry.text(key.c_str());
  if (!file.ok() || file->empty()) return file;
  Result<std::string> text = readPemFile((entry.folder / *file).string(), label);
  if (!text.ok()) return text.status().annotated(entry.where + "." + key);
  return text;
}

Status readCluster(const Entry& cluster, ClusterConfig& config) {
  const Result<std::string> server = cluster.text("server");
  if (!server.ok()) return server.status();
  if (!server->starts_with("https://") || server->size() == 8) {
    return invalid(cluster.where + ".server: '" + printable(*server) +
                   "' must look like 'https://HOST:PORT'");
  }
  config.base_url = *server;
  while (config.base_url.ends_with('/')) config.base_url.pop_back();
  if (config.base_url.find('/', 8) != std::string::npos) {
    return invalid(cluster.where + ".server: '" + printable(*server) +
                   "' must have no path: API servers behind a path prefix are not supported");
  }
  const Result<std::string> insecure = cluster.text("insecure-skip-tls-verify");
  if (!insecure.ok()) return insecure.status();
  if (*insecure == "true") {
    return invalid(cluster.where +
                   ".insecure-skip-tls-verify: 'true' is refused: the server is "
                   "always verified; give certificate-authority");
  }
  if (cluster.has("proxy-url")) {
    return invalid(cluster.where + ".proxy-url is not supported: the server is dialled directly");
  }
  Result<std::string> ca = pem(cluster, "certificate-authority", "CERTIFICATE");
  if (!ca.ok()) return ca.status();
  if (ca->empty()) {
    return invalid(cluster.where + " needs certificate-authority or certificate-authority-data");
  }
  config.ca_pem = std::move(*ca);
  Result<std::string> name = cluster.text("tls-server-name");
  if (!name.ok()) return name.status();
  config.tls_server_name = std::move(*name);
  return {};
}

constexpr std::string_view kAllowed =
    "; allowed are token, tokenFile, or client-certificate with client-key "
    "(for example a token of 'kubectl create token')";

Status refusePlugins(const Entry& user) {
  if (user.has("exec")) {
    const YAML::Node exec = user.node["exec"];
    const std::string command = exec.IsMap() && exec["command"] && exec["command"].IsScalar()
                                    ? exec["command"].Scalar()
                                    : std::string();
    return invalid(user.where + ".exec: the credential plugin '" + printable(command) +
                   "' is not run" + std::string(kAllowed));
  }
  if (user.has("auth-provider")) {
    const YAML::Node provider = user.node["auth-provider"];
    const std::string name = provider.IsMap() && provider["name"] && provider["name"].IsScalar()
                                 ? provider["name"].Scalar()
                                 : std::string();
    return invalid(user.where + ".auth-provider: '" + printable(name) + "' is not supported" +
                   std::string(kAllowed));
  }
  for (const char* key : {"username", "password", "as", "as-uid", "as-groups", "as-user-extra"}) {
    if (user.has(key)) {
      return invalid(user.where + "." + key + " is not supported" + std::string(kAllowed));
    }
  }
  return {};
}

Status readUser(const Entry& user, ClusterConfig& config) {
  if (Status refused = refusePlugins(user); !refused.ok()) return refused;
  const Result<std::string> token_file = user.text("tokenFile");
  if (!token_file.ok()) return token_file.status();
  if (!token_file->empty()) config.token_file = (user.folder / *token_file).string();
  Result<std::string> token = user.text("token");
  if (!token.ok()) return token.status();
  if (config.token_file.empty()) config.token = std::move(*token);

  Result<std::string> cert = pem(user, "client-certificate", "CERTIFICATE");
  if (!cert.ok()) return cert.status();
  Result<std::string> key = pem(user, "client-key", "PRIVATE KEY");
  if (!key.ok()) return key.status();
  if (cert->empty() != key->empty()) {
    return invalid(user.where + " needs both client-certificate and client-key, or neither");
  }
  config.client_cert_pem = std::move(*cert);
  config.client_key_pem = std::move(*key);
  if (config.token.empty() && config.token_file.empty() && config.client_cert_pem.empty()) {
    return invalid(user.where + " has no credential" + std::string(kAllowed));
  }
  return {};
}

Result<std::string> currentContext(const std::vector<File>& files) {
  for (const File& file : files) {
    const YAML::Node current = file.root["current-context"];
    if (current && current.IsScalar() && !current.Scalar().empty()) return current.Scalar();
  }
  return invalid(files.front().path + ": current-context is not set: name a context");
}

Result<ClusterConfig> resolve(const std::vector<File>& files, std::string_view wanted) {
  std::string name(wanted);
  if (name.empty()) {
    Result<std::string> current = currentContext(files);
    if (!current.ok()) return current.status();
    name = std::move(*current);
  }
  const Result<Entry> context = find(files, "contexts", "context", name);
  if (!context.ok()) return context.status();
  const Result<std::string> cluster_name = context->text("cluster");
  const Result<std::string> user_name = context->text("user");
  Result<std::string> namespace_ = context->text("namespace");
  for (const auto* part : {&cluster_name, &user_name, &std::as_const(namespace_)}) {
    if (!part->ok()) return part->status();
  }
  const Result<Entry> cluster = find(files, "clusters", "cluster", *cluster_name);
  if (!cluster.ok()) return cluster.status();
  const Result<Entry> user = find(files, "users", "user", *user_name);
  if (!user.ok()) return user.status();

  ClusterConfig config;
  config.namespace_ = namespace_->empty() ? "default" : std::move(*namespace_);
  if (Status bad = readCluster(*cluster, config); !bad.ok()) return bad;
  if (Status bad = readUser(*user, config); !bad.ok()) return bad;
  return config;
}

}  // namespace

Result<std::string> readSmallFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return Status(Code::kNotFound, path + ": no such file");
  if (!std::filesystem::is_regular_file(path, error)) return invalid(path + ": is not a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) return invalid(path + ": cannot be read");
  std::string text(kMaxFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFile) return invalid(path + ": is longer than 1 MiB");
  text.shrink_to_fit();
  return text;
}

Result<std::string> readPemFile(const std::string& path, std::string_view label) {
  Result<std::string> text = readSmallFile(path);
  if (text.ok() && !hasPem(*text, label)) {
    return invalid(path + ": must be PEM text with a " + std::string(label));
  }
  return text;
}

Result<ClusterConfig> mergedKubeconfig(const std::vector<std::string>& paths,
                                       std::string_view context) {
  std::vector<File> files;
  for (const std::string& path : paths) {
    Result<File> file = load(path);
    if (!file.ok()) return file.status();
    files.push_back(std::move(*file));
  }
  try {
    return resolve(files, context);
  } catch (const YAML::Exception& e) {
    return invalid(paths.front() + ": " + printable(e.what()));
  }
}

Result<ClusterConfig> kubeconfigFile(const std::string& path, std::string_view context) {
  return mergedKubeconfig({path}, context);
}

}  // namespace profiling::kube
