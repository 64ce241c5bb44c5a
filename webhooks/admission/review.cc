#include "webhooks/admission/review.h"

#include <optional>

#include "operator/api/k8s/dom.h"
#include "operator/api/k8s/pod_decoder.h"
#include "webhooks/admission/object_tree.h"

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

// Fields of the envelope: a wrong type is the sender's error. null counts as absent, as in Go's
// decoder.
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

// The `request` of an AdmissionReview, in the only version served.
Status findRequest(element root, simdjson::dom::object& request) {
  simdjson::dom::object top;
  if (root.get(top)) return malformed("body must be an AdmissionReview object");
  EnvelopeReader read;
  std::string_view api_version, kind;
  element request_element;
  bool good = true, has_request = false;
  const bool unique = eachField(top, "body", read.error(), [&](std::string_view key, element v) {
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
  if (!has_request || request_element.get(request)) return malformed("request must be an object");
  return {};
}

// Reads a request into `review`.
class RequestReader {
 public:
  explicit RequestReader(Review& review) : review_(review) {}

  Status read(simdjson::dom::object request) {
    bool good = true;
    const bool unique =
        eachField(request, "request", read_.error(), [&](std::string_view key, element v) {
          if (good) good = field(key, v);
        });
    if (!good || !unique) return malformed(read_.error());
    if (!validUid(uid_)) {
      return malformed("request.uid must have 1 to 128 bytes and no control characters");
    }
    review_.uid = uid_;
    review_.kind_was_converted = (request_kind_ && *request_kind_ != review_.kind) ||
                                 (request_resource_ && *request_resource_ != review_.resource);
    review_.pod.namespace_ = review_.namespace_;
    return {};
  }
  const std::optional<element>& object() const { return object_; }

 private:
  bool field(std::string_view key, element v) {
    if (key == "uid") return read_.text(v, "request.uid", uid_);
    if (key == "kind") return read_.triple(v, "request.kind", "kind", review_.kind);
    if (key == "resource") return read_.triple(v, "request.resource", "resource", review_.resource);
    if (key == "requestKind") return sent(v, "request.requestKind", "kind", request_kind_);
    if (key == "requestResource") {
      return sent(v, "request.requestResource", "resource", request_resource_);
    }
    if (key == "subResource") return read_.text(v, "request.subResource", review_.sub_resource);
    if (key == "name") return read_.text(v, "request.name", review_.name);
    if (key == "namespace") return read_.text(v, "request.namespace", review_.namespace_);
    if (key == "operation") return read_.text(v, "request.operation", review_.operation);
    if (key == "dryRun") return read_.boolean(v, "request.dryRun", review_.dry_run);
    if (key == "object" && !isNull(v)) {
      if (v.type() != element_type::OBJECT)
        return read_.fail("request.object", "must be an object");
      object_ = v;
    }
    return true;
  }
  // The kind or resource that the client sent, before a conversion.
  bool sent(element v, std::string_view where, std::string_view last,
            std::optional<GroupVersionName>& out) {
    if (isNull(v)) return true;
    return read_.triple(v, where, last, out.emplace());
  }

  Review& review_;
  EnvelopeReader read_;
  std::string_view uid_;
  std::optional<GroupVersionName> request_kind_, request_resource_;
  std::optional<element> object_;
};

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

  bool prepare() {
    if (parser.capacity() != 0) return true;
    return parser.allocate(kFirstCapacity, kMaxJsonDepth) == simdjson::SUCCESS;
  }

  // Parses `body` in place where the buffer behind it has room for the parser, else a copy.
  Status parse(std::string_view body, std::size_t capacity, element& root) {
    if (body.starts_with("\xEF\xBB\xBF")) return malformed("body starts with a byte order mark");
    const auto no_memory = [] { return Status(Code::kInternal, "no memory for the JSON parser"); };
    if (!prepare()) return no_memory();
    const char* data = body.data();
    if (capacity < body.size() + simdjson::SIMDJSON_PADDING) {
      copy.reserve(body.size() + simdjson::SIMDJSON_PADDING);
      copy.assign(body);
      data = copy.data();
    }
    if (const auto error = parser.parse(data, body.size(), false).get(root)) {
      if (error == simdjson::MEMALLOC) return no_memory();
      return malformed(std::string("body is not JSON: ") + simdjson::error_message(error));
    }
    return {};
  }
};

ReviewDecoder::ReviewDecoder() : impl_(std::make_unique<Impl>()) {
}
ReviewDecoder::~ReviewDecoder() = default;

Status ReviewDecoder::decode(std::string_view body, std::size_t capacity, Review& review) {
  impl_->has_object = false;
  element root;
  if (Status parsed = impl_->parse(body, capacity, root); !parsed.ok()) return parsed;
  simdjson::dom::object request;
  if (Status found = findRequest(root, request); !found.ok()) return found;
  RequestReader reader(review);
  if (Status read = reader.read(request); !read.ok()) return read;
  review.has_object = reader.object().has_value();
  if (review.has_object) impl_->object = *reader.object();
  impl_->has_object = review.has_object;
  return {};
}

Status ReviewDecoder::decodeMetadata(api::PodView& pod) {
  if (!impl_->has_object) return Status();
  return api::readPodMetadata(impl_->object, pod);
}

Status ReviewDecoder::decodeSpec(api::PodView& pod, std::string& problem) {
  if (!impl_->has_object) return Status();
  return api::readPodSpec(impl_->object, pod, problem);
}

Status ReviewDecoder::decodeObject(nlohmann::json& object) const {
  return impl_->has_object ? objectTree(impl_->object, object) : Status();
}

void ReviewDecoder::shrink() {
  impl_->has_object = false;
  if (impl_->parser.capacity() > kKeptCapacity) impl_->parser = simdjson::dom::parser();
  if (impl_->copy.capacity() > kKeptCapacity) impl_->copy = std::string();
}

namespace {

ReviewDecoder& threadDecoder() {
  thread_local ReviewDecoder decoder;
  return decoder;
}

Mutex& largeBodies() {
  static Mutex mutex;
  return mutex;
}

}  // namespace

DecoderTurn::DecoderTurn(std::size_t body_size) : decoder_(threadDecoder()) {
  if (body_size > kKeptCapacity) large_.emplace(largeBodies());
}

DecoderTurn::~DecoderTurn() {
  if (large_) decoder_.shrink();
}

}  // namespace profiling::admission
