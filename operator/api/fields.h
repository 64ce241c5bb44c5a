// One table of fields for each struct drives reading, writing and the schema description, so that
// the three cannot drift apart.
//
//   template <> struct Table<Sampling> {
//     static constexpr auto fields = std::make_tuple(
//         field("cpuHz", &Sampling::cpu_hz, {.defaulted = true, .minimum = 10, .maximum = 500}),
//         …);
//   };
//
// A member's default is the value that the struct is constructed with. Internal to operator/api.
#pragma once

#include <array>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/api/schema.h"
#include "operator/base/status.h"
#include "operator/base/text.h"

namespace profiling::api {

using Json = nlohmann::json;

enum class Raw { kNo, kObject, kArray };  // JSON text that passes through as written

struct FieldRules {
  bool required = false;
  bool defaulted = false;
  std::optional<std::int64_t> minimum = std::nullopt;
  std::optional<std::int64_t> maximum = std::nullopt;
  Raw raw = Raw::kNo;
  std::span<const char* const> words = {};  // the allowed values of a string or a list's item
};

template <class S, class M>
struct Field {
  const char* name;  // empty: the member's own fields stand beside the struct's
  M S::*member;
  FieldRules rules;
};
template <class S, class M>
constexpr Field<S, M> field(const char* name, M S::*member, FieldRules rules = {}) {
  return {name, member, rules};
}

template <class S>
struct Table;  // static constexpr auto fields = std::make_tuple(field(…), …)
template <class E>
struct EnumTable;  // static constexpr std::array<std::pair<E, const char*>, N> names

template <class T>
concept HasTable = requires {
  Table<T>::fields;
};

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
using StringMap = std::map<std::string, std::string>;
template <class T>
concept IsRecordedWord = requires {
  typename T::VocabularyEnum;
};

template <class E>
std::vector<std::string> enumNames() {
  std::vector<std::string> names;
  names.reserve(std::size(EnumTable<E>::names));
  for (const auto& [value, name] : EnumTable<E>::names) names.emplace_back(name);
  return names;
}

template <class E>
const char* enumName(E wanted) {
  for (const auto& [value, name] : EnumTable<E>::names) {
    if (value == wanted) return name;
  }
  return "";
}

std::string quotedList(const std::vector<std::string>& words);  // 'a', 'b' or 'c'
std::string pointerStep(std::string_view key);  // "/key", escaped as RFC 6901 requires; printable

// Reads JSON into structs; the first error stops it and is kept with its JSON pointer.
class Reader {
 public:
  const Status& status() const { return status_; }

  template <class S>
  void object(const Json& json, S& out, const std::string& path) {
    if (!status_.ok()) return;
    if (!json.is_object()) return mismatch(json, path, "an object");
    std::apply([&](const auto&... f) { (this->member(json, out, path, f), ...); },
               Table<S>::fields);
  }

 private:
  template <class S, class M>
  void member(const Json& json, S& out, const std::string& path, const Field<S, M>& f) {
    if (!status_.ok()) return;
    if (*f.name == '\0') {
      if constexpr (HasTable<M>) object(json, out.*(f.member), path);
      return;
    }
    const auto it = json.find(f.name);
    if (it == json.end() || it->is_null()) {
      if (f.rules.required) fail(path, std::string("'") + f.name + "' is required");
      return;
    }
    value(*it, out.*(f.member), path + "/" + f.name, f.rules);
  }

  template <class T>
  void value(const Json& json, T& out, const std::string& path, const FieldRules& rules) {
    if constexpr (std::is_same_v<T, bool>) {
      if (!json.is_boolean()) return mismatch(json, path, "true or false");
      out = json.get<bool>();
    } else if constexpr (std::is_enum_v<T>) {
      const std::string text = json.is_string() ? json.get<std::string>() : json.dump();
      for (const auto& [candidate, name] : EnumTable<T>::names) {
        if (json.is_string() && text == name) {
          out = candidate;
          return;
        }
      }
      fail(path, "'" + printable(text) + "' must be " + quotedList(enumNames<T>()));
    } else if constexpr (std::is_same_v<T, std::int64_t>) {
      integer(json, out, path, rules);
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (rules.raw == Raw::kObject && !json.is_object()) return mismatch(json, path, "an object");
      if (rules.raw == Raw::kArray && !json.is_array()) return mismatch(json, path, "a list");
      if (rules.raw != Raw::kNo) {
        out = json.dump(-1, ' ', false, Json::error_handler_t::replace);
        return;
      }
      string(json, out, path, rules);
    } else if constexpr (IsRecordedWord<T>) {
      std::string text;
      string(json, text, path, rules);
      out = T::parse(text);
    } else if constexpr (std::is_same_v<T, StringMap>) {
      if (!json.is_object()) return mismatch(json, path, "an object of strings");
      out.clear();
      for (const auto& [key, text] : json.items()) {
        if (!text.is_string()) return mismatch(text, path + pointerStep(key), "a string");
        out.emplace(key, text.template get<std::string>());
      }
    } else if constexpr (IsVector<T>::value) {
      if (!json.is_array()) return mismatch(json, path, "a list");
      out.clear();
      for (const Json& item : json) {
        std::string at = path;
        at.append("/").append(std::to_string(out.size()));
        value(item, out.emplace_back(), at,
              {.minimum = rules.minimum, .maximum = rules.maximum, .words = rules.words});
        if (!status_.ok()) return;
      }
    } else if constexpr (IsOptional<T>::value) {
      value(json, out.emplace(), path, rules);
    } else {
      object(json, out, path);
    }
  }

  void integer(const Json& json, std::int64_t& out, const std::string& path,
               const FieldRules& rules);
  void string(const Json& json, std::string& out, const std::string& path, const FieldRules& rules);
  void mismatch(const Json& json, const std::string& path, const char* wanted);
  void fail(const std::string& path, const std::string& what);

  Status status_;
};

template <class T>
Json toJsonValue(const T& value, const FieldRules& rules = {});

template <class S>
void writeFields(const S& in, Json& out) {
  std::apply(
      [&](const auto&... f) {
        const auto one = [&](const auto& field_) {
          const auto& member = in.*(field_.member);
          using M = std::remove_cvref_t<decltype(member)>;
          if (*field_.name == '\0') {
            if constexpr (HasTable<M>) writeFields(member, out);
            return;
          }
          Json json = toJsonValue(member, field_.rules);
          const bool empty =
              json.is_null() || json == Json("") || (json.is_structured() && json.empty());
          if (!empty || field_.rules.required) out[field_.name] = std::move(json);
        };
        (one(f), ...);
      },
      Table<S>::fields);
}

template <class T>
Json toJsonValue(const T& value, const FieldRules& rules) {
  if constexpr (std::is_enum_v<T>) {
    return enumName(value);
  } else if constexpr (IsRecordedWord<T>) {
    return value.text();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (rules.raw != Raw::kNo) return Json::parse(value, nullptr, false);
    return value;
  } else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, StringMap>) {
    return value;
  } else if constexpr (IsVector<T>::value) {
    Json list = Json::array();
    for (const auto& item : value) list.push_back(toJsonValue(item));
    return list;
  } else if constexpr (IsOptional<T>::value) {
    return value ? toJsonValue(*value, rules) : Json();
  } else {
    Json object = Json::object();
    writeFields(value, object);
    return object;
  }
}

// Appends the schema of S's fields from its table, with nested structs below their own path and the
// items of lists below "/*".
template <class S>
void describeFields(const std::string& path, std::vector<FieldSchema>& out);

template <class T>
void describe(const std::string& path, const T& initial, const FieldRules& rules,
              std::vector<FieldSchema>& out) {
  FieldSchema schema;
  schema.path = path;
  schema.required = rules.required;
  schema.minimum = rules.minimum;
  schema.maximum = rules.maximum;
  if (rules.defaulted) schema.default_value = toJsonValue(initial, rules);
  if constexpr (IsOptional<T>::value) {
    describe(path, typename T::value_type{}, rules, out);
    return;
  } else if constexpr (std::is_same_v<T, bool>) {
    schema.type = "boolean";
  } else if constexpr (std::is_enum_v<T>) {
    schema.type = "string";
    schema.enum_values = enumNames<T>();
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    schema.type = "integer";
  } else if constexpr (std::is_same_v<T, std::string> || IsRecordedWord<T>) {
    schema.type = rules.raw == Raw::kObject  ? "object"
                  : rules.raw == Raw::kArray ? "array"
                                             : "string";
    schema.enum_values.assign(rules.words.begin(), rules.words.end());
  } else if constexpr (IsVector<T>::value) {
    schema.type = "array";
    schema.minimum = schema.maximum = std::nullopt;  // they apply to the items
    out.push_back(schema);
    describe(path + "/*", typename T::value_type{},
             {.minimum = rules.minimum, .maximum = rules.maximum, .words = rules.words}, out);
    return;
  } else if constexpr (std::is_same_v<T, StringMap>) {
    schema.type = "object";
  } else {
    schema.type = "object";
    if (rules.defaulted) schema.default_value = Json::object();  // its members have their own
    out.push_back(schema);
    describeFields<T>(path, out);
    return;
  }
  out.push_back(schema);
}

template <class S>
void describeFields(const std::string& path, std::vector<FieldSchema>& out) {
  const S initial{};
  std::apply(
      [&](const auto&... f) {
        const auto one = [&](const auto& field_) {
          const auto& member = initial.*(field_.member);
          using M = std::remove_cvref_t<decltype(member)>;
          if (*field_.name == '\0') {
            if constexpr (HasTable<M>) describeFields<M>(path, out);
            return;
          }
          describe(path + "/" + field_.name, member, field_.rules, out);
        };
        (one(f), ...);
      },
      Table<S>::fields);
}

}  // namespace profiling::api
