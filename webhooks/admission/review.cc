#include "webhooks/admission/review.h"

#include "operator/api/k8s/dom.h"
#include "operator/api/k8s/pod_decoder.h"

namespace profiling::admission {
namespace {

using api::eachField;
using api::element;
using api::element_type;
using api::isNull;
using api::kMaxJsonDepth;

constexpr std::size_t kFirstCapacity = 64 * 1024;

Status malformed(std::string text) {
  return Status(Code::kInvalidArgument, std::move(text));
}

// Fields of the envelope: a wrong type is an error of the sender. null counts as absent, as it does
// for Go's decoder.
class EnvelopeReader {
 public:
  bool text(element e, std::string_view where, std::string_view& out) {
    if (isNull(e)) return true;
    if (e.get(out) == simdjson::SUCCESS) return true;
    return fail(where, "must be a string");
  }
  bool boolean(element e, std::string_view where, bool& out) {
    if (isNull(e)) return true;
    if (e.get(out) == simdjson::SUCCESS) return true;
    return fail(where, "must be true or false");
  }
  bool triple(element e, std::string_view where, std::string_view last, GroupVersionName& out) {
    if (isNull(e)) return true;
    simdjson::dom::object object;
    if (e.get(object) != simdjson::SUCCESS) return fail(where, "must be an object");
    bool good = true;
    const bool unique = eachField(object, where, error_, [&](std::string_view key, element v) {
      if (key == "group") {
        good = good && text(v, where, out.group);
      } else if (key == "version") {
        good = good && text(v, where, out.version);
      } else if (key == last) {
        good = good && text(v, where, out.name);
      }
    });
    return good && unique;
  }
  bool fail(std::string_view where, std::string_view what) {
    if (error_.empty()) error_ = std::string(where) + " " + std::string(what);
    return false;
  }
  std::string& error() { return error_; }

 private:
  std::string error_;
};

bool validUid(std::string_view uid) {
  if (uid.empty() || uid.size() > kMaxUidBytes) return false;
  return std::ranges::all_of(uid, [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x20 && u != 0x7F;
  });
}

}  // namespace

bool Review::isPodCreation() const {
  return operation == "CREATE" && has_object && sub_resource.empty() && !kind_was_converted &&
         resource == GroupVersionName{"", "v1", "pods"} &&
         kind == GroupVersionName{"", "v1", "Pod"};
}

struct ReviewDecoder::Impl {
  simdjson::dom::parser parser;
  element object;  // request.object of the last body
  bool has_object = false;
  std::string copy;  // of a body without padding

  // The parser only grows by itself; after a huge body it starts afresh.
  bool prepare(std::size_t size) {
    const bool shrink = parser.capacity() > kKeptCapacity && size <= kKeptCapacity;
    if (shrink) parser = simdjson::dom::parser();
    if (!shrink && parser.capacity() != 0) return true;
    return parser.allocate(kFirstCapacity, kMaxJsonDepth) == simdjson::SUCCESS;
  }
};

ReviewDecoder::ReviewDecoder() : impl_(std::make_unique<Impl>()) {
}
ReviewDecoder::~ReviewDecoder() = default;

Status ReviewDecoder::decode(std::string_view body, std::size_t capacity, Review& review) {
  impl_->has_object = false;
  if (body.starts_with("\xEF\xBB\xBF")) return malformed("body starts with a byte order mark");
  if (!impl_->prepare(body.size())) return Status(Code::kInternal, "no memory for the JSON parser");
  const char* data = body.data();
  if (capacity < body.size() + simdjson::SIMDJSON_PADDING) {
    impl_->copy.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    impl_->copy.assign(body);
    data = impl_->copy.data();
  }
  element root;
  if (const auto error = impl_->parser.parse(data, body.size(), false).get(root)) {
    if (error == simdjson::MEMALLOC)
      return Status(Code::kInternal, "no memory for the JSON parser");
    return malformed(std::string("body is not JSON: ") + simdjson::error_message(error));
  }
  simdjson::dom::object top;
  if (root.get(top)) return malformed("body must be an AdmissionReview object");

  EnvelopeReader read;
  std::string_view api_version, kind;
  element request_element;
  bool good = true, has_request = false;
  bool unique = eachField(top, "body", read.error(), [&](std::string_view key, element v) {
    if (key == "apiVersion") {
      good = good && read.text(v, "apiVersion", api_version);
    } else if (key == "kind") {
      good = good && read.text(v, "kind", kind);
    } else if (key == "request") {
      request_element = v;
      has_request = true;
    }
  });
  if (!good || !unique) return malformed(read.error());
  if (api_version != "admission.k8s.io/v1" || kind != "AdmissionReview") {
    return malformed("apiVersion and kind must be admission.k8s.io/v1 and AdmissionReview");
  }
  simdjson::dom::object request;
  if (!has_request || request_element.get(request)) return malformed("request must be an object");

  std::string_view uid;
  element object;
  GroupVersionName request_kind, request_resource;
  bool has_request_kind = false, has_request_resource = false, has_object = false;
  unique = eachField(request, "request", read.error(), [&](std::string_view key, element v) {
    if (!good) return;
    if (key == "uid") {
      good = read.text(v, "request.uid", uid);
    } else if (key == "kind") {
      good = read.triple(v, "request.kind", "kind", review.kind);
    } else if (key == "resource") {
      good = read.triple(v, "request.resource", "resource", review.resource);
    } else if (key == "requestKind") {
      has_request_kind = !isNull(v);
      good = read.triple(v, "request.requestKind", "kind", request_kind);
    } else if (key == "requestResource") {
      has_request_resource = !isNull(v);
      good = read.triple(v, "request.requestResource", "resource", request_resource);
    } else if (key == "subResource") {
      good = read.text(v, "request.subResource", review.sub_resource);
    } else if (key == "name") {
      good = read.text(v, "request.name", review.name);
    } else if (key == "namespace") {
      good = read.text(v, "request.namespace", review.namespace_);
    } else if (key == "operation") {
      good = read.text(v, "request.operation", review.operation);
    } else if (key == "dryRun") {
      good = read.boolean(v, "request.dryRun", review.dry_run);
    } else if (key == "object" && !isNull(v)) {
      has_object = v.type() == element_type::OBJECT;
      good = has_object || read.fail("request.object", "must be an object");
      object = v;
    }
  });
  if (!good || !unique) return malformed(read.error());
  if (!validUid(uid)) {
    return malformed("request.uid must have 1 to 128 bytes and no control characters");
  }
  review.uid = uid;
  review.has_object = has_object;
  review.kind_was_converted = (has_request_kind && request_kind != review.kind) ||
                              (has_request_resource && request_resource != review.resource);
  review.pod.namespace_ = review.namespace_;
  impl_->object = object;
  impl_->has_object = has_object;
  return Status();
}

Status ReviewDecoder::decodeMetadata(api::PodView& pod) {
  if (!impl_->has_object) return Status();
  return api::readPodMetadata(impl_->object, pod);
}

Status ReviewDecoder::decodeSpec(api::PodView& pod, std::string& problem) {
  if (!impl_->has_object) return Status();
  return api::readPodSpec(impl_->object, pod, problem);
}

std::string ReviewDecoder::objectText() const {
  return impl_->has_object ? simdjson::minify(impl_->object) : std::string();
}

ReviewDecoder& threadDecoder() {
  thread_local ReviewDecoder decoder;
  return decoder;
}

}  // namespace profiling::admission
