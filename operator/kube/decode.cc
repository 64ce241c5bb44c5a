#include "operator/kube/decode.h"

#include <utility>

#include <simdjson.h>

#include "operator/kube/client.h"
#include "operator/kube/json.h"
#include "operator/kube/store.h"

namespace profiling::kube {
namespace {

namespace od = simdjson::ondemand;

static_assert(kObjectPadding >= simdjson::SIMDJSON_PADDING);

// Larger buffers are freed after use: the process must stay small when idle.
constexpr std::size_t kKeepCapacity = 256 << 10;

Status broken(std::string_view what, simdjson::error_code error) {
  return {Code::kInternal, std::string(what) + ": " + simdjson::error_message(error)};
}

struct Meta {
  std::string namespace_;
  std::string name;
  std::string resource_version;
  std::string continue_token;

  std::string key() const { return name.empty() ? std::string() : objectKey(namespace_, name); }
};

simdjson::error_code readMeta(od::value value, Meta& meta) {
  od::json_type type{};
  if (auto e = value.type().get(type)) return e;
  if (type != od::json_type::object) return simdjson::SUCCESS;
  od::object object;
  if (auto e = value.get_object().get(object)) return e;
  for (auto field : object) {
    std::string_view name;
    if (auto e = field.unescaped_key().get(name)) return e;
    std::string* target = name == "namespace"         ? &meta.namespace_
                          : name == "name"            ? &meta.name
                          : name == "resourceVersion" ? &meta.resource_version
                          : name == "continue"        ? &meta.continue_token
                                                      : nullptr;
    if (target == nullptr) continue;
    std::string_view text;
    if (field.value().get_string().get(text) == simdjson::SUCCESS) *target = text;
  }
  return simdjson::SUCCESS;
}

// Reads an object's metadata and leaves `object` rewound.
simdjson::error_code readObjectMeta(od::object& object, Meta& meta) {
  for (auto field : object) {
    std::string_view name;
    if (auto e = field.unescaped_key().get(name)) return e;
    if (name != "metadata") continue;
    od::value value;
    if (auto e = field.value().get(value)) return e;
    if (auto e = readMeta(value, meta)) return e;
    break;
  }
  return object.reset().error();
}

// Bookmarks are few and small, so a second parse is cheap.
bool endsInitialEvents(std::string_view bookmark) {
  const simdjson::padded_string text(bookmark);
  od::parser parser;
  od::document document;
  std::string_view value;
  return parser.iterate(text).get(document) == simdjson::SUCCESS &&
         document.find_field_unordered("metadata")
                 .find_field_unordered("annotations")
                 .find_field_unordered("k8s.io/initial-events-end")
                 .get_string()
                 .get(value) == simdjson::SUCCESS &&
         value == "true";
}

// Only white space may follow the document; anything else is a second document or garbage.
bool atEnd(od::document& document) {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

simdjson::error_code readEvent(od::document& document, WatchEvent& event, Meta& meta) {
  od::object top;
  if (auto e = document.get_object().get(top)) return e;
  bool has_type = false;
  for (auto field : top) {
    std::string_view name;
    if (auto e = field.unescaped_key().get(name)) return e;
    if (name == "type") {
      if (auto e = field.value().get_string().get(event.type_name)) return e;
      has_type = true;
    } else if (name == "object") {
      od::object object;
      if (auto e = field.value().get_object().get(object)) return e;
      if (auto e = readObjectMeta(object, meta)) return e;
      if (auto e = object.raw_json().get(event.object)) return e;
    }
  }
  if (!atEnd(document)) return simdjson::TRAILING_CONTENT;
  return has_type && !event.object.empty() ? simdjson::SUCCESS : simdjson::NO_SUCH_FIELD;
}

struct ListState {
  bool has_items = false;
  std::size_t items = 0;
  Meta meta;
};

simdjson::error_code readItems(od::value value, const std::function<void(std::string_view)>& item,
                               ListState& state) {
  state.has_items = true;
  od::json_type type{};
  if (auto e = value.type().get(type)) return e;
  // Go writes an empty list of a typed kind as null.
  if (type == od::json_type::null) {
    bool is_null = false;  // "nope" has the type of null as well
    if (auto e = value.is_null().get(is_null)) return e;
    return is_null ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
  }
  od::array array;
  if (auto e = value.get_array().get(array)) return e;
  for (auto element : array) {
    od::object object;
    if (auto e = element.get_object().get(object)) return e;
    std::string_view raw;
    if (auto e = object.raw_json().get(raw)) return e;
    ++state.items;
    item(raw);
  }
  return simdjson::SUCCESS;
}

simdjson::error_code readList(od::document& document,
                              const std::function<void(std::string_view)>& item, ListState& state) {
  od::object top;
  if (auto e = document.get_object().get(top)) return e;
  for (auto field : top) {
    std::string_view name;
    if (auto e = field.unescaped_key().get(name)) return e;
    if (name != "metadata" && name != "items") continue;
    od::value value;
    if (auto e = field.value().get(value)) return e;
    const auto e = name == "items" ? readItems(value, item, state) : readMeta(value, state.meta);
    if (e) return e;
  }
  return atEnd(document) ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

}  // namespace

EventType eventType(std::string_view name) {
  if (name == "ADDED") return EventType::kAdded;
  if (name == "MODIFIED") return EventType::kModified;
  if (name == "DELETED") return EventType::kDeleted;
  if (name == "BOOKMARK") return EventType::kBookmark;
  if (name == "ERROR") return EventType::kError;
  return EventType::kUnknown;
}

struct EventDecoder::Impl {
  od::parser parser;
  std::string buffer;
};

EventDecoder::EventDecoder() : impl_(std::make_unique<Impl>()) {
}
EventDecoder::~EventDecoder() = default;

Result<WatchEvent> EventDecoder::decode(std::string_view line) {
  if (impl_->buffer.capacity() > kKeepCapacity) impl_ = std::make_unique<Impl>();
  std::string& buffer = impl_->buffer;
  buffer.assign(line);
  buffer.append(kObjectPadding, ' ');

  WatchEvent event;
  Meta meta;
  od::document document;
  auto error = impl_->parser.iterate(buffer.data(), line.size(), buffer.size()).get(document);
  if (!error) error = readEvent(document, event, meta);
  if (error) return broken("a line of the watch is not an event", error);
  event.type = eventType(event.type_name);
  event.resource_version = std::move(meta.resource_version);
  if (event.type == EventType::kBookmark) {
    event.initial_events_end = endsInitialEvents(event.object);
  } else if (event.type != EventType::kError) {
    event.key = meta.key();
  }
  return event;
}

Result<ListPage> decodeList(std::string body, const std::function<void(std::string_view)>& item) {
  const std::size_t length = body.size();
  body.append(kObjectPadding, ' ');
  od::parser parser;  // for this page only: its buffers are several times the page
  od::document document;
  ListState state;
  auto error = parser.iterate(body.data(), length, body.size()).get(document);
  if (!error) error = readList(document, item, state);
  if (error) return broken("the answer is not a list", error);
  if (!state.has_items || state.meta.resource_version.empty()) {
    return Status(Code::kInternal,
                  "the answer is not a list: it has no items or no "
                  "metadata.resourceVersion");
  }
  return ListPage{std::move(state.meta.resource_version), std::move(state.meta.continue_token),
                  state.items};
}

std::string keyOf(std::string_view object_json) {
  const simdjson::padded_string copy(object_json);
  od::parser parser;
  od::document document;
  od::object object;
  Meta meta;
  if (parser.iterate(copy).get(document) || document.get_object().get(object) ||
      readObjectMeta(object, meta)) {
    return {};
  }
  return meta.key();
}

Status statusOfObject(std::string_view status_json) {
  const Result<nlohmann::json> object = parseJson(status_json);
  net::Response response;
  response.status = 500;
  response.body = status_json;
  if (object.ok() && object->is_object()) {
    const auto code = object->find("code");
    if (code != object->end() && code->is_number_integer()) {
      const auto number = code->get<std::int64_t>();
      if (number >= 300 && number < 600) response.status = static_cast<int>(number);
    }
  }
  return statusOf(response);
}

}  // namespace profiling::kube
