#include "webhooks/admission/response.h"

#include "operator/base/encoding.h"
#include "operator/base/json_text.h"
#include "operator/base/text.h"

namespace profiling::admission {

std::string allowedResponse(std::string_view uid, std::string_view patch,
                            const std::vector<std::string>& warnings) {
  std::string out;
  out.reserve(patch.size() / 3 * 4 + 256 + warnings.size() * 128);
  out += R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":)";
  appendJsonString(out, uid);
  out += R"(,"allowed":true)";
  if (!patch.empty()) {
    out += R"(,"patchType":"JSONPatch","patch":")";
    out += base64Encode(patch);
    out += '"';
  }
  std::size_t total = 0;
  bool any = false;
  for (const std::string& warning : warnings) {
    // The ellipsis that printable() adds takes three bytes.
    const std::string text = printable(warning, kMaxWarningBytes - 3);
    if (total + text.size() > kMaxWarningsBytes) break;
    total += text.size();
    out += any ? "," : R"(,"warnings":[)";
    any = true;
    appendJsonString(out, text);
  }
  if (any) out += ']';
  out += "}}";
  return out;
}

}  // namespace profiling::admission
