#include "operator/inject/tools/runtime_version.h"

#include <algorithm>
#include <array>
#include <span>

#include "operator/base/text.h"
#include "operator/inject/image_words.h"

namespace profiling::inject {
namespace {

constexpr std::size_t kMaxScanned = 4096;  // bytes of one argument: scripts may be huge

// How a runtime is named. A version follows its word: "jre7", "openjdk-11", "java/8". In an image
// whose whole name is one of `images`, it is the tag as well.
struct Naming {
  api::Language language;
  std::span<const std::string_view> words;
  std::span<const std::string_view> images;
  std::string_view program;
};
constexpr std::string_view kJavaWords[] = {"java", "jdk", "jre", "openjdk", "temurin"};
constexpr std::string_view kJavaImages[] = {"java",
                                            "jdk",
                                            "jre",
                                            "openjdk",
                                            "temurin",
                                            "eclipse-temurin",
                                            "amazoncorretto",
                                            "zulu-openjdk",
                                            "sapmachine",
                                            "zulu-openjdk-alpine"};
constexpr std::string_view kNodeWords[] = {"node", "nodejs"};
constexpr std::string_view kNodeImages[] = {"node", "nodejs"};
constexpr std::string_view kPythonWords[] = {"python"};
constexpr std::string_view kPythonImages[] = {"python"};
constexpr Naming kNamings[] = {
    {api::Language::kJava, kJavaWords, kJavaImages, "java"},
    {api::Language::kNodeJS, kNodeWords, kNodeImages, "node"},
    {api::Language::kPython, kPythonWords, kPythonImages, "python"},
};

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

int takeNumber(std::string_view& text) {
  int out = 0;
  while (!text.empty() && isDigit(text[0]) && out < 10000) {
    out = out * 10 + (text[0] - '0');
    text.remove_prefix(1);
  }
  return out;
}

// "8u342", "1.7.0", "v8.17.0", "3.13t"; of Python also "27" and "311".
std::optional<RuntimeVersion> versionIn(std::string_view text, api::Language language) {
  if (text.starts_with('v')) text.remove_prefix(1);
  if (text.empty() || !isDigit(text[0])) return std::nullopt;
  RuntimeVersion out;
  out.major = takeNumber(text);
  if (text.size() > 1 && text[0] == '.' && isDigit(text[1])) {
    text.remove_prefix(1);
    out.minor = takeNumber(text);
  }
  if (language == api::Language::kJava && out.major == 1) out = {out.minor, 0, false};
  if (language == api::Language::kPython) {
    out.free_threaded = text.starts_with('t');
    const int scale = out.major >= 100 ? 100 : 10;
    if (out.major >= 20) out = {out.major / scale, out.major % scale, out.free_threaded};
  }
  return out;
}

bool contains(std::span<const std::string_view> list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

std::string_view lettersOf(std::string_view word) {
  const auto* const end = std::ranges::find_if(word, isDigit);
  return word.substr(0, static_cast<std::size_t>(end - word.begin()));
}

// A word of the naming with a version in it or behind it. ':' is no link: in "team-node:1.2" the
// version is the application's.
std::optional<RuntimeVersion> versionAfterWord(std::string_view text, const Naming& naming) {
  bool named = false;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of("-_/:");
    const std::string_view word = text.substr(0, end);
    const std::string_view letters = lettersOf(word);
    const bool known = contains(naming.words, letters);
    const auto version = versionIn(known   ? word.substr(letters.size())
                                   : named ? word
                                           : "",
                                   naming.language);
    if (version) return version;
    if (end == std::string_view::npos) break;
    named = known && text[end] != ':';
    text.remove_prefix(end + 1);
  }
  return std::nullopt;
}

std::optional<RuntimeVersion> versionOfImage(std::string_view image, const Naming& naming) {
  const std::string_view text = nameAndTag(image);
  if (auto version = versionAfterWord(text, naming)) return version;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !contains(naming.images, text.substr(0, colon))) {
    return std::nullopt;
  }
  return versionIn(text.substr(colon + 1), naming.language);
}

// The path of the program itself: "/opt/node-v8.17.0/bin/node", "python2.7".
std::optional<RuntimeVersion> versionOfPath(std::string_view path, const Naming& naming) {
  const std::size_t slash = path.rfind('/');
  const std::string_view base = slash == std::string_view::npos ? path : path.substr(slash + 1);
  if (lettersOf(base) != naming.program) return std::nullopt;
  return versionAfterWord(path, naming);
}

std::optional<RuntimeVersion> versionOfWords(const std::vector<std::string_view>& arguments,
                                             const Naming& naming) {
  for (std::string_view argument : arguments) {
    argument = argument.substr(0, kMaxScanned);
    if (argument.find(naming.program) == std::string_view::npos) continue;
    for (const std::string_view word : split(argument, ' ')) {
      if (auto version = versionOfPath(word, naming)) return version;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<RuntimeVersion> statedVersion(api::Language language, const ContainerEnv& env) {
  const auto* const naming = std::ranges::find(kNamings, language, &Naming::language);
  if (naming == std::end(kNamings)) return std::nullopt;
  const api::ContainerView& c = env.container();
  for (const auto* arguments : {&c.command, &c.args}) {
    if (auto version = versionOfWords(*arguments, *naming)) return version;
  }
  const api::EnvVarView* home = language == api::Language::kJava ? env.find("JAVA_HOME") : nullptr;
  if (home != nullptr) {
    if (auto version = versionAfterWord(home->value, *naming)) return version;
  }
  return versionOfImage(c.image, *naming);
}

bool isUnsupportedVersion(api::Language language, const ContainerEnv& env) {
  const auto version = statedVersion(language, env);
  if (!version) return false;
  switch (language) {
    case api::Language::kJava:
      return version->major < 8;
    case api::Language::kNodeJS:
      return version->major < 12;
    case api::Language::kPython:
      return version->free_threaded || version->major < 3 || version->minor >= 15;
    default:
      return false;
  }
}

bool readsLongOptions(const ContainerEnv& env) {
  const auto version = statedVersion(api::Language::kJava, env);
  return version && version->major >= 9;
}

}  // namespace profiling::inject
