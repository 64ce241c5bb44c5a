// The images of public charts, by the table that tests/templates/run keeps: no name of an image alone
// may lead to a language that the image does not run.
#include <algorithm>
#include <fstream>

#include "operator/base/text.h"
#include "operator/inject/languages/detect.h"
#include "tests/support/source_dir.h"
#include "tests/unit/operator/inject/support.h"

namespace profiling::inject {
namespace {

TEST(PublicImages, NoNameLeadsToAnotherLanguage) {
  std::ifstream in(test::sourceDir() + "/tests/templates/results.tsv");
  std::string line;
  std::size_t images = 0;
  while (std::getline(in, line)) {
    if (line.starts_with('#')) continue;
    const std::vector<std::string_view> row = split(line, '\t');
    ASSERT_EQ(row.size(), 4u) << line;
    const std::vector<std::string_view> runs_in = split(row[1], ',');
    api::ContainerView c = container();
    c.image = row[0];
    const LanguageHints hints = languageHints(c);
    ++images;
    for (const api::Language l : hints.languages) {
      EXPECT_NE(std::ranges::find(runs_in, api::languageToken(l)), runs_in.end())
          << row[0] << " runs " << row[1] << ", hinted " << api::languageToken(l);
    }
    const bool has_agent = std::ranges::any_of(runs_in, [](std::string_view token) {
      return token == "java" || token == "python" || token == "node";
    });
    const bool nothing = hints.source == HintSource::kKnownImage && hints.languages.empty();
    EXPECT_FALSE(nothing && has_agent) << row[0] << " runs " << row[1];
  }
  EXPECT_GT(images, 200u);
}

}  // namespace
}  // namespace profiling::inject
