#include "operator/kube/cut_event.h"

#include <cstddef>
#include <functional>

#include "operator/kube/store.h"

namespace profiling::kube {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// Walks over JSON that ends anywhere; simdjson refuses a text that ends inside a string. Each function
// returns false at the end of the text, or where it is not JSON.
class CutJson {
 public:
  explicit CutJson(std::string_view text) : text_(text) {}

  // Calls `member` with each name, in front of the value; it reads the value and returns true to go on.
  bool members(const std::function<bool(std::string_view name)>& member) {
    if (!take('{')) return false;
    if (take('}')) return true;
    do {
      std::string_view name;
      if (!string(name) || !take(':') || !member(name)) return false;
    } while (take(','));
    return take('}');
  }
  // As written, without its quotes.
  bool string(std::string_view& out) {
    if (!take('"')) return false;
    const std::size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        out = text_.substr(begin, at_++ - begin);
        return true;
      }
    }
    return false;
  }
  bool skip() {
    std::size_t depth = 0;
    do {
      blanks();
      if (at_ >= text_.size()) return false;
      const char c = text_[at_];
      if (std::string_view ignored; c == '"') {
        if (!string(ignored)) return false;
      } else if (c == '{' || c == '[') {
        ++depth;
        ++at_;
      } else if (c == '}' || c == ']') {
        if (depth == 0) return false;
        --depth;
        ++at_;
      } else {
        if (depth == 0 && (c == ',' || c == ':')) return false;
        at_ = depth > 0 && (c == ',' || c == ':') ? at_ + 1
                                                  : text_.find_first_of(",:{}[]\" \t\r\n", at_);
      }
    } while (depth > 0);
    return at_ < text_.size();
  }

 private:
  void blanks() {
    while (at_ < text_.size() && kBlanks.find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(char c) {
    blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

struct CutMeta {
  std::string_view namespace_, name, version;
};

bool readCutMeta(CutJson& json, CutMeta& meta) {
  return json.members([&](std::string_view name) {
    std::string_view* target = name == "namespace"         ? &meta.namespace_
                               : name == "name"            ? &meta.name
                               : name == "resourceVersion" ? &meta.version
                                                           : nullptr;
    return target == nullptr ? json.skip() : json.string(*target);
  });
}

}  // namespace

CutEvent readCutEvent(std::string_view head) {
  CutEvent event;
  CutMeta meta;
  CutJson json(head);
  (void)json.members([&](std::string_view field) {
    if (field == "type") {
      std::string_view type;
      if (!json.string(type)) return false;
      event.type = eventType(type);
      return true;
    }
    if (field != "object") return json.skip();
    return json.members([&](std::string_view name) {
      if (name != "metadata") return json.skip();
      readCutMeta(json, meta);
      return false;  // what follows is not needed
    });
  });
  if (meta.version.empty()) return event;  // the namespace may come after the cut as well
  event.resource_version = meta.version;
  if (!meta.name.empty()) event.key = objectKey(meta.namespace_, meta.name);
  return event;
}

}  // namespace profiling::kube
