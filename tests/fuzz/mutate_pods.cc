// Any bytes as the body of POST /mutate-pods: the answer is a review that allows, or a 400; a patch
// applies, and a second pass adds nothing.
#include "tests/fuzz/admission.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)

FUZZ(std::string_view input) {
  const std::string body(input);
  const net::ServerResponse answer = post(body);
  require(answer.status == 200 || answer.status == 400, "the answer is a review or a 400");
  if (answer.status != 200) return;
  const Json patch = patchOf(answer);
  if (patch.is_null()) return;
  Json review = Json::parse(body);
  Json& pod = review.at("request").at("object");
  pod = pod.patch(patch);
  require(patchOf(post(review.dump())).is_null(), "a second pass adds nothing");
}
