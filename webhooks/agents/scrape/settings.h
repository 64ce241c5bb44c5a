// The process's settings from its environment and command line. Pure.
//
// Variables shared with other agents of this project have the same names and formats
// (operator/inject/names.h); those of this agent alone begin with PROFILING_PPROF_. A flag
// overrides its variable.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/clock.h"
#include "operator/base/log.h"
#include "operator/base/status.h"
#include "webhooks/agents/scrape/kinds.h"
#include "webhooks/agents/scrape/labels.h"
#include "webhooks/agents/scrape/net/http.h"
#include "webhooks/agents/scrape/net/url.h"

namespace profiling::scrape {

struct Settings {
  bool enabled = true;  // PYROSCOPE_AGENT_ENABLED
  Url application;      // the folder of the profiles: http://127.0.0.1:6060/debug/pprof
  Url server;
  std::vector<HttpHeader> server_headers;  // tenant and credentials
  Labels labels;
  Millis interval{15'000};  // 1 s to 5 min
  Wanted wanted;
  log::Level log_level = log::Level::kInfo;
};

// nullopt for an unset variable.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

struct Option {
  std::string_view flag;      // "--pprof-port"
  std::string_view variable;  // "PROFILING_PPROF_PORT"
  std::string_view help;
};
const std::vector<Option>& options();

// `environment`, overridden by `--flag value` and `--flag=value`; kInvalidArgument names a word
// that is not a flag.
Result<Environment> withFlags(Environment environment, const std::vector<std::string_view>& words);

// kInvalidArgument names the variable, its value unless that is a secret, and what is allowed.
Result<Settings> readSettings(const Environment& environment);

}  // namespace profiling::scrape
