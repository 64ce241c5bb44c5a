// Our sitecustomize.py comes first on PYTHONPATH and chains to any other one.
#include "operator/inject/languages/language.h"

namespace profiling::inject {
namespace {

constexpr std::array<std::string_view, 10> kCommands{
    "python", "python3", "gunicorn",     "uvicorn",   "celery",
    "uwsgi",  "flask",   "django-admin", "hypercorn", "daphne"};
constexpr std::array<std::string_view, 1> kSuffixes{".py"};
constexpr std::array<std::string_view, 8> kEnvNames{
    "PYTHONPATH",        "PYTHONUNBUFFERED",       "PYTHONDONTWRITEBYTECODE",
    "PYTHONHOME",        "DJANGO_SETTINGS_MODULE", "FLASK_APP",
    "GUNICORN_CMD_ARGS", "PIP_INDEX_URL"};
constexpr std::array<std::string_view, 8> kImageWords{"python",  "django",  "flask",  "gunicorn",
                                                      "uvicorn", "fastapi", "celery", "airflow"};

std::vector<NameValue> settings(const api::EffectivePolicy& policy, const api::ContainerView&) {
  const api::ProfilingPolicySpec& spec = policy.policy.spec;
  const bool memory = spec.profiles.allocations || spec.profiles.in_use_memory;
  return {{"PROFILING_PYTHON_SAMPLE_RATE", std::to_string(spec.sampling.cpu_hz)},
          {"PROFILING_PYTHON_MEMORY", memory ? "true" : "false"},
          {"PYROSCOPE_UPLOAD_INTERVAL", javaDuration(spec.sampling.upload_interval)}};
}

}  // namespace

constinit const LanguageRow kPythonRow{
    .language = api::Language::kPython,
    .variable = {.name = "PYTHONPATH",
                 .addition = "/profiling-agent/python",
                 .separator = ':',
                 .prepend = true,
                 .self_reference = true},
    .hints = {kCommands, kSuffixes, kEnvNames, kImageWords},
    .spy = "pyspy",
    .copy_mebibytes = 120,
    .settings = settings,
};

}  // namespace profiling::inject
