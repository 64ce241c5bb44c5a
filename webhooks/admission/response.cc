#include "webhooks/admission/response.h"

#include "operator/base/encoding.h"
#include "operator/base/json_text.h"
#include "operator/base/text.h"

namespace profiling::admission {

namespace {

void begin(std::string& out, std::string_view uid, bool allowed) {
  out += R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":)";
  appendJsonString(out, uid);
  out += allowed ? R"(,"allowed":true)" : R"(,"allowed":false)";
}

}  // namespace

std::string allowedResponse(std::string_view uid, std::string_view patch,
                            const std::vector<std::string>& warnings) {
  std::string out;
  out.reserve(patch.size() / 3 * 4 + 256 + warnings.size() * 128);
  begin(out, uid, true);
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

std::string deniedResponse(std::string_view uid, std::string_view message) {
  std::string out;
  begin(out, uid, false);
  out += R"(,"status":{"code":422,"reason":"Invalid","message":)";
  appendJsonString(out, printable(message, kMaxMessageBytes - 3));
  out += "}}}";
  return out;
}

}  // namespace profiling::admission
