// The list of cases in README.md beside this file: it has every number, and every path that it names
// exists.
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/base/text.h"
#include "operator/inject/languages/language.h"
#include "tests/support/source_dir.h"

namespace profiling {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = test::sourceDir();
const fs::path kGolden = kRoot / "tests/golden";

std::vector<std::string> lines() {
  std::ifstream in(kGolden / "README.md");
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// The paths between backquotes in a line: "group/case" or "*/case".
std::vector<std::string> pathsOf(const std::string& line) {
  std::vector<std::string> out;
  const std::vector<std::string_view> parts = split(line, '`');
  for (std::size_t i = 1; i < parts.size(); i += 2) {
    const std::string_view text = parts[i];
    const std::size_t slash = text.find('/');
    const bool path = slash != std::string_view::npos && slash + 1 < text.size() &&
                      text.find_first_of(" <") == std::string_view::npos &&
                      (text[0] == '*' || (text[0] >= 'a' && text[0] <= 'z'));
    if (path) out.emplace_back(text);
  }
  return out;
}

// The languages whose agents go into the process, or those that are scraped from outside.
std::vector<std::string> tokens(bool scraped) {
  std::vector<std::string> out;
  for (const inject::LanguageRow* row : inject::languageRows()) {
    if (row->scraped == scraped) out.emplace_back(api::languageToken(row->language));
  }
  return out;
}

bool isCase(const fs::path& folder) {
  if (!fs::exists(folder / "pod.yaml")) return false;
  return fs::exists(folder / "patched.yaml") || fs::exists(folder / "skip.txt") ||
         fs::exists(folder / "observed.txt");
}

void expectThere(const std::string& path, const std::string& line) {
  if (path.starts_with("tests/")) {
    EXPECT_TRUE(fs::exists(kRoot / path)) << path << " in: " << line;
  } else if (path.starts_with("*/")) {
    for (const std::string& token : tokens(false)) {
      EXPECT_TRUE(isCase(kGolden / (token + path.substr(1)))) << token << path.substr(1);
    }
  } else if (fs::is_directory(kGolden / path.substr(0, path.find('/')))) {
    EXPECT_TRUE(isCase(kGolden / path)) << path << " in: " << line;
  } else {
    ADD_FAILURE() << path << " in: " << line;
  }
}

TEST(CaseList, HasEveryNumberOnce) {
  std::multiset<int> found;
  for (const std::string& line : lines()) {
    if (line.starts_with("| G")) found.insert(std::stoi(line.substr(3, 2)));
  }
  std::multiset<int> wanted;
  for (const auto& [first, last] : {std::pair{1, 13}, {20, 35}, {40, 44}, {50, 59}, {60, 68}}) {
    for (int i = first; i <= last; ++i) wanted.insert(i);
  }
  EXPECT_EQ(found, wanted);
}

TEST(CaseList, EveryFolderThatItNamesExists) {
  for (const std::string& line : lines()) {
    if (!line.starts_with("| ") || line.starts_with("| #") || line.starts_with("| Fault")) continue;
    const std::vector<std::string> paths = pathsOf(line);
    EXPECT_FALSE(paths.empty()) << "no folder in: " << line;
    for (const std::string& path : paths) expectThere(path, line);
  }
}

TEST(CaseList, EachLanguageHasTheRequiredCases) {
  for (const char* name :
       {"plain", "env-already-set", "env-from-config-map-key", "two-containers",
        "init-container-application", "already-injected", "restricted-security-context"}) {
    expectThere(std::string("*/") + name, name);
  }
  for (const std::string& token : tokens(true)) {
    for (const char* name : {"/plain", "/two-containers", "/restricted-security-context"}) {
      expectThere(token + name, name);
    }
  }
  for (const std::string& line : lines()) {
    if (line.starts_with("|") || line.find("build/") != std::string::npos) continue;
    for (const std::string& path : pathsOf(line)) {
      if (path.find('.') == std::string::npos) expectThere(path, line);
    }
  }
}

}  // namespace
}  // namespace profiling
