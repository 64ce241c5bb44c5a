#include "operator/inject/languages/commands.h"

#include <algorithm>
#include <array>
#include <span>

#include "operator/inject/languages/shell_lexer.h"

namespace profiling::inject {
namespace {

constexpr std::size_t kMaxScannedBytes = 4096;  // of one argument: scripts may be huge
constexpr int kMaxNesting = 4;                  // sh -c "sh -c '…'"

using Words = std::span<const std::string_view>;

bool isOneOf(std::span<const std::string_view> list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// Programs that start the program in their arguments.
struct Starter {
  std::string_view name;
  std::size_t operands = 0;          // words of its own before that program
  std::string_view valued = {};      // one-letter options that take the next word
  std::string_view subcommand = {};  // only behind this word
};
constexpr std::array<Starter, 36> kStarters{{
    {"exec", 0, "a"},
    {"env", 0, "uCS"},
    {"nohup"},
    {"nice", 0, "n"},
    {"ionice", 0, "cn"},
    {"time", 0, "fo"},
    {"command"},
    {"builtin"},
    {"setsid"},
    {"stdbuf", 0, "ioe"},
    {"sudo", 0, "ugCp"},
    {"su-exec", 1},
    {"gosu", 1},
    {"setpriv"},
    {"chpst", 0, "uUbem/"},
    {"timeout", 1, "ks"},
    {"taskset", 1},
    {"numactl", 0, "CmNpi"},
    {"chroot", 1},
    {"tini", 0, "pe"},
    {"tini-static", 0, "pe"},
    {"dumb-init", 0, "r"},
    {"catatonit"},
    {"pid1"},
    {"busybox"},
    {"xvfb-run", 0, "nsep"},
    {"opentelemetry-instrument"},
    {"ddtrace-run"},
    {"newrelic-admin", 0, "", "run-program"},
    {"pipenv", 0, "", "run"},
    {"poetry", 0, "", "run"},
    {"uv", 0, "", "run"},
    {"pdm", 0, "", "run"},
    {"conda", 0, "np", "run"},
    {"doppler", 0, "pc", "run"},
    {"infisical", 0, "", "run"},
}};

constexpr std::array<std::string_view, 7> kShells{"sh", "bash", "ash", "dash", "zsh", "ksh", "su"};
constexpr std::array<std::string_view, 11> kBeforeCommands{
    "if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "coproc"};
constexpr std::array<std::string_view, 4> kBeforeNames{"for", "select", "case", "function"};

std::string_view baseName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

bool isAssignment(std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  return std::ranges::all_of(word.substr(0, equals), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '+';
  });
}

class Walker {
 public:
  explicit Walker(const std::function<void(const StartedProgram&)>& visit) : visit_(visit) {}

  void command(Words words, bool in_script, bool replaces) {
    while (!words.empty() && isAssignment(words[0])) words = words.subspan(1);
    if (words.empty() || words[0].empty() || words[0][0] == '-') return;
    const std::string_view name = baseName(words[0]);
    if (isOneOf(kShells, name)) return shell(words, in_script, replaces);
    const auto* starter = std::ranges::find(kStarters, name, &Starter::name);
    if (starter != kStarters.end()) {
      return command(behind(*starter, words.subspan(1)), in_script,
                     replaces || (in_script && name == "exec"));
    }
    visit_({words[0], words.size() > 1 ? words[1] : std::string_view(), in_script, replaces});
    startScript(words, in_script, replaces);
  }

 private:
  // An image's own start script gets the command as its arguments: "/entrypoint.sh node server.js",
  // "wait-for-it.sh db:5432 -- python app.py".
  void startScript(Words words, bool in_script, bool replaces) {
    const std::string_view name = baseName(words[0]);
    if (!name.ends_with(".sh") && name.find("entrypoint") == std::string_view::npos) return;
    words = words.subspan(1);
    const auto dashes = std::find(words.begin(), words.end(), "--");
    if (dashes != words.end()) {
      words = words.subspan(static_cast<std::size_t>(dashes - words.begin()) + 1);
    }
    if (!words.empty() && words[0].find('.') == std::string_view::npos) {
      command(words, in_script, replaces);
    }
  }

  static Words behind(const Starter& starter, Words words) {
    if (!starter.subcommand.empty()) {
      const auto at = std::find(words.begin(), words.end(), starter.subcommand);
      if (at == words.end()) return {};
      words = words.subspan(static_cast<std::size_t>(at - words.begin()) + 1);
    }
    std::size_t operands = starter.operands;
    while (!words.empty()) {
      const std::string_view word = words[0];
      if (word == "--") return words.size() > operands ? words.subspan(1 + operands) : Words();
      const bool option = word.size() > 1 && word[0] == '-';
      if (!option && operands == 0) return words;
      if (!option) --operands;
      const bool valued =
          option && word.size() == 2 && starter.valued.find(word[1]) != std::string_view::npos;
      words = words.subspan(std::min<std::size_t>(valued ? 2 : 1, words.size()));
    }
    return {};
  }

  // sh -ec 'script', sh script, su user -c 'script'.
  void shell(Words words, bool in_script, bool replaces) {
    const bool su = baseName(words[0]) == "su";
    bool reads_text = false;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const std::string_view word = words[i];
      const bool option = word.size() > 1 && (word[0] == '-' || word[0] == '+');
      if (option && word[1] != '-') {
        reads_text = reads_text || word.find('c') != std::string_view::npos;
        if (word.back() == 'o' || word == "-s") ++i;  // -o pipefail, su -s /bin/sh
      } else if (!option && reads_text) {
        return script(word);
      } else if (!option && !su && word != "-") {
        return startScript(words.subspan(i), in_script, replaces);
      }
    }
  }

  void script(std::string_view text) {
    if (nesting_ == kMaxNesting) return;
    ++nesting_;
    ShellLexer lexer(text.substr(0, kMaxScannedBytes));
    std::vector<std::string_view> words;
    int open = 0;
    const auto flush = [&] {
      Words rest = words;
      while (!rest.empty() && isOneOf(kBeforeCommands, rest[0])) rest = rest.subspan(1);
      if (!rest.empty() && !isOneOf(kBeforeNames, rest[0])) command(rest, true, false);
      words.clear();
    };
    for (ShellToken token = lexer.next(); token != ShellToken::kEnd; token = lexer.next()) {
      if (token == ShellToken::kWord) {
        words.push_back(lexer.word());
        continue;
      }
      // "name)" is a pattern of case.
      if (token == ShellToken::kClose && open == 0) words.clear();
      flush();
      if (token == ShellToken::kOpen) ++open;
      if (token == ShellToken::kClose && open > 0) --open;
    }
    flush();
    --nesting_;
  }

  const std::function<void(const StartedProgram&)>& visit_;
  int nesting_ = 0;
};

}  // namespace

void eachStartedProgram(const api::ContainerView& container,
                        const std::function<void(const StartedProgram&)>& visit) {
  std::vector<std::string_view> words(container.command.begin(), container.command.end());
  words.insert(words.end(), container.args.begin(), container.args.end());
  // Arguments alone go to a program that only the image names; "-jar app.jar" is one that all know.
  if (container.command.empty()) {
    const auto jar = std::ranges::find(words, "-jar");
    if (jar != words.end() && jar + 1 != words.end() && words[0].starts_with('-')) {
      visit({*(jar + 1), {}, false, false});
      return;
    }
  }
  Walker(visit).command(words, false, false);
}

}  // namespace profiling::inject
