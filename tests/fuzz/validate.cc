// Any bytes as the body of POST /validate: the answer is a review or a refusal, and a denial names
// what is wrong.
#include <nlohmann/json.hpp>

#include "tests/fuzz/fuzz.h"
#include "tests/support/posted.h"
#include "webhooks/validate_object.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)

FUZZ(std::string_view input) {
  static const auto* validator = new webhooks::ObjectValidator(
      {.server = [](const std::string&) { return std::shared_ptr<const api::ProfilingServer>(); },
       .namespace_labels = [](const std::string&) { return std::map<std::string, std::string>(); }},
      [] { require(false, "no validation fails open"); });
  const test::Posted posted{std::string(input)};
  const net::ServerResponse answer = validator->handle(posted.request());
  require(answer.status == 200 || (answer.status >= 400 && answer.status < 500),
          "the answer is a review or a refusal");
  if (answer.status != 200) return;
  const auto response = nlohmann::json::parse(answer.body).at("response");
  if (response.at("allowed") == true) return;
  require(!response.at("status").at("message").get<std::string>().empty(), "a denial says why");
}
