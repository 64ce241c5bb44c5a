#include "webhooks/agents/scrape/settings.h"

#include <algorithm>
#include <map>

#include "operator/base/encoding.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"

namespace profiling::scrape {
namespace {

constexpr std::string_view kBase = "/debug/pprof";

Status wrong(std::string_view variable, std::string_view value, std::string_view want) {
  return {Code::kInvalidArgument,
          std::string(variable) + " is '" + printable(value, 200) + "', " + std::string(want)};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

class Reader {
 public:
  explicit Reader(const Environment& environment) : environment_(environment) {}

  Result<Settings> run() {
    settings_.enabled = lower(get("PYROSCOPE_AGENT_ENABLED")) != "false";
    for (const Status& s :
         {logLevel(), application(), server(), labels(), interval(), profiles(), headers()}) {
      if (!s.ok()) return s;
    }
    return std::move(settings_);
  }

 private:
  // Trimmed; empty if unset, which has the same meaning everywhere here.
  std::string get(std::string_view name, std::string_view otherwise = {}) const {
    const std::string text(trim(environment_(name).value_or("")));
    return text.empty() ? std::string(otherwise) : text;
  }

  Status logLevel() {
    const bool debug = !get("PROFILING_DEBUG").empty();
    auto level = log::parseLevel(get("PROFILING_LOG_LEVEL", debug ? "debug" : "info"));
    if (!level.ok()) return level.status().annotated("PROFILING_LOG_LEVEL");
    settings_.log_level = *level;
    return {};
  }

  Status application() {
    const std::string port = get("PROFILING_PPROF_PORT", "6060");
    const std::string prefix = get("PROFILING_PPROF_PATH_PREFIX");
    if (!prefix.empty() && prefix[0] != '/') {
      return wrong("PROFILING_PPROF_PATH_PREFIX", prefix, "want a path that begins with /");
    }
    std::string text = get("PROFILING_PPROF_URL");
    const bool whole = !text.empty();
    if (!whole) {
      std::string_view folder = prefix;
      while (folder.ends_with('/')) folder.remove_suffix(1);
      text = "http://127.0.0.1:" + port + std::string(folder) + std::string(kBase);
    }
    auto url = parseUrl(text);
    if (!url.ok()) {
      return url.status().annotated(whole ? "PROFILING_PPROF_URL" : "PROFILING_PPROF_PORT");
    }
    if (url->tls) {
      return wrong("PROFILING_PPROF_URL", text,
                   "want http://: the application's own port is not scraped over TLS");
    }
    settings_.application = *std::move(url);
    return {};
  }

  Status server() {
    const std::string name = get("PYROSCOPE_ADHOC_SERVER_ADDRESS").empty()
                                 ? "PYROSCOPE_SERVER_ADDRESS"
                                 : "PYROSCOPE_ADHOC_SERVER_ADDRESS";
    auto url = parseUrl(get(name));
    if (!url.ok()) return url.status().annotated(name);
    settings_.server = *std::move(url);
    return {};
  }

  Status labels() {
    std::string service = get("PYROSCOPE_APPLICATION_NAME");
    if (service.empty() || service.size() > 1024) {
      return wrong("PYROSCOPE_APPLICATION_NAME", service, "want a name of 1 to 1024 bytes");
    }
    for (char& c : service) {
      if (c <= ' ' || c == 0x7F || std::string_view("{},=").find(c) != std::string_view::npos) {
        c = '_';
      }
    }
    settings_.labels = labelsOf(service, get("PYROSCOPE_LABELS"));
    return {};
  }

  Status interval() {
    const std::string text = get("PYROSCOPE_UPLOAD_INTERVAL", "15s");
    const auto parsed = parseDuration(text);
    if (!parsed.ok()) return parsed.status().annotated("PYROSCOPE_UPLOAD_INTERVAL");
    using namespace std::chrono_literals;
    settings_.interval = std::clamp<Millis>(*parsed, 1s, 5min);
    return {};
  }

  Status profiles() {
    const std::string text = get("PROFILING_PPROF_PROFILES");
    if (text.empty()) return {};
    Wanted& w = settings_.wanted;
    w = {false, false, false, false, false};
    const std::map<std::string_view, bool*> names{{"cpu", &w.cpu},
                                                  {"allocations", &w.allocations},
                                                  {"inUseMemory", &w.in_use_memory},
                                                  {"goroutines", &w.goroutines},
                                                  {"locks", &w.locks}};
    for (const std::string_view word : split(text, ',')) {
      const auto at = names.find(trim(word));
      if (at == names.end()) {
        return wrong("PROFILING_PPROF_PROFILES", text,
                     "want a list of cpu, allocations, inUseMemory, goroutines, locks");
      }
      *at->second = true;
    }
    return {};
  }

  Status header(std::string_view variable, std::string name, std::string value) {
    const bool plain =
        std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c < 0x7F; });
    if (!plain) {
      return {Code::kInvalidArgument,
              std::string(variable) + " has a character that no HTTP header may carry"};
    }
    settings_.server_headers.push_back({std::move(name), std::move(value)});
    return {};
  }

  Status headers() {
    const std::string tenant = get("PYROSCOPE_TENANT_ID"), token = get("PYROSCOPE_AUTH_TOKEN");
    const std::string user = get("PYROSCOPE_BASIC_AUTH_USER");
    if (!tenant.empty()) {
      if (Status s = header("PYROSCOPE_TENANT_ID", "X-Scope-OrgID", tenant); !s.ok()) return s;
    }
    if (!user.empty()) {
      const std::string pair = user + ":" + get("PYROSCOPE_BASIC_AUTH_PASSWORD");
      return header("PYROSCOPE_BASIC_AUTH_USER", "Authorization", "Basic " + base64Encode(pair));
    }
    if (!token.empty()) return header("PYROSCOPE_AUTH_TOKEN", "Authorization", "Bearer " + token);
    return {};
  }

  const Environment& environment_;
  Settings settings_;
};

}  // namespace

const std::vector<Option>& options() {
  static const std::vector<Option> all{
      {"--pprof-url", "PROFILING_PPROF_URL",
       "URL of the profiles (http://127.0.0.1:6060/debug/pprof)"},
      {"--pprof-port", "PROFILING_PPROF_PORT", "only the port of that URL (6060)"},
      {"--pprof-path-prefix", "PROFILING_PPROF_PATH_PREFIX", "path before /debug/pprof"},
      {"--profiles", "PROFILING_PPROF_PROFILES",
       "which of cpu,allocations,inUseMemory,goroutines,locks (all)"},
      {"--interval", "PYROSCOPE_UPLOAD_INTERVAL", "time between profiles (15s)"},
      {"--server", "PYROSCOPE_SERVER_ADDRESS", "the storage server, http:// or https://"},
      {"--service-name", "PYROSCOPE_APPLICATION_NAME", "service_name of the profiles"},
      {"--labels", "PYROSCOPE_LABELS", "k=v,k2=v2"},
      {"--tenant", "PYROSCOPE_TENANT_ID", "X-Scope-OrgID"},
      {"--log-level", "PROFILING_LOG_LEVEL", "debug, info, warn or error"},
  };
  return all;
}

Result<Environment> withFlags(Environment environment, const std::vector<std::string_view>& words) {
  std::map<std::string, std::string, std::less<>> said;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t eq = words[i].find('=');
    const std::string_view flag = words[i].substr(0, eq);
    const auto at = std::find_if(options().begin(), options().end(),
                                 [&](const Option& o) { return o.flag == flag; });
    if (at == options().end()) {
      return Status(Code::kInvalidArgument, "unknown option '" + printable(words[i]) + "'");
    }
    if (eq == std::string_view::npos && ++i == words.size()) {
      return Status(Code::kInvalidArgument, std::string(flag) + " needs a value");
    }
    said[std::string(at->variable)] =
        eq == std::string_view::npos ? words[i] : words[i].substr(eq + 1);
  }
  return Environment([environment = std::move(environment),
                      said = std::move(said)](std::string_view name) -> std::optional<std::string> {
    const auto at = said.find(name);
    return at != said.end() ? at->second : environment(name);
  });
}

Result<Settings> readSettings(const Environment& environment) {
  return Reader(environment).run();
}

}  // namespace profiling::scrape
