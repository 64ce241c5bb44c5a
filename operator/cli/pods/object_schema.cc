#include "operator/cli/pods/object_schema.h"

#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "operator/api/fields.h"
#include "operator/api/json_access.h"
#include "operator/base/str_cat.h"
#include "operator/base/text.h"
#include "operator/cli/pods/schema_rules.h"
#include "operator/cli/structured.h"

namespace profiling::cli {
namespace {

using Json = nlohmann::json;

constexpr const char* kValidations = "x-kubernetes-validations";

// As the API server does before it validates.
void applyDefaults(const Json& schema, Json& value) {
  if (value.is_array() && schema.contains("items")) {
    for (Json& item : value) applyDefaults(schema["items"], item);
  }
  const auto properties = schema.find("properties");
  if (!value.is_object() || properties == schema.end()) return;
  for (const auto& [name, child] : properties->items()) {
    const auto it = value.find(name);
    // A null of a field with a default counts as absent; another null is dropped.
    if (it != value.end() && it->is_null()) value.erase(it);
    if (!value.contains(name) && child.contains("default")) value[name] = child["default"];
    if (value.contains(name)) applyDefaults(child, value[name]);
  }
}

std::string typeOf(const Json& value) {
  if (value.is_boolean()) return "boolean";
  if (value.is_number_integer()) return "integer";
  if (value.is_number()) return "number";
  if (value.is_string()) return "string";
  return value.is_array() ? "array" : value.is_object() ? "object" : "null";
}

std::size_t runes(std::string_view value) {
  std::size_t n = 0;
  for (; !value.empty(); ++n) value.remove_prefix(std::max<std::size_t>(utf8Length(value), 1));
  return n;
}

std::string quoted(const Json& value) {
  return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace), 80);
}

class Checker {
 public:
  std::vector<SchemaProblem> take() { return std::move(found_); }

  void check(const Json& schema, const Json& value, const std::string& path) {
    const std::size_t before = found_.size();
    const bool either = schema.value("x-kubernetes-int-or-string", false);
    const std::string type = schema.value("type", "");
    if (either ? !value.is_string() && !value.is_number_integer()
               : !type.empty() && type != typeOf(value)) {
      return add(path, strCat(quoted(value), " must be of type ",
                              either ? std::string("integer or string") : type));
    }
    if (schema.contains("enum")) words(schema["enum"], value, path);
    if (value.is_string()) string(schema, value.get_ref<const std::string&>(), path);
    if (value.is_number()) number(schema, value, path);
    if (value.is_array()) array(schema, value, path);
    if (value.is_object()) object(schema, value, path);
    // A rule is evaluated on what its schema admits.
    if (found_.size() == before && schema.contains(kValidations))
      rules(schema[kValidations], value, path);
  }

 private:
  void add(const std::string& path, std::string message) {
    found_.push_back({path, std::move(message)});
  }

  void words(const Json& allowed, const Json& value, const std::string& path) {
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
    std::vector<std::string> names;
    for (const Json& each : allowed)
      names.push_back(each.is_string() ? api::text(each) : each.dump());
    add(path, strCat(quoted(value), " must be ", api::quotedList(names)));
  }

  void bounds(const Json& schema, const char* least, const char* most, std::size_t size,
              const char* what, const std::string& path) {
    if (schema.contains(least) && size < schema[least].get<std::size_t>()) {
      add(path, strCat("has ", size, what, ", must have at least ", schema[least].dump()));
    }
    if (schema.contains(most) && size > schema[most].get<std::size_t>()) {
      add(path, strCat("has ", size, what, ", must have at most ", schema[most].dump()));
    }
  }

  void string(const Json& schema, const std::string& value, const std::string& path) {
    bounds(schema, "minLength", "maxLength", runes(value), " characters", path);
    if (!schema.contains("pattern")) return;
    const std::string pattern = schema["pattern"];
    const TextRule matches = patternRule(pattern);
    if (!matches) return add(path, strCat("cannot be checked against '", pattern, "'"));
    if (!matches(value)) add(path, strCat("'", printable(value), "' must match '", pattern, "'"));
  }

  void number(const Json& schema, const Json& value, const std::string& path) {
    if (schema.contains("minimum") && value < schema["minimum"]) {
      add(path, strCat(value.dump(), " must be at least ", schema["minimum"].dump()));
    }
    if (schema.contains("maximum") && value > schema["maximum"]) {
      add(path, strCat(value.dump(), " must be at most ", schema["maximum"].dump()));
    }
  }

  void array(const Json& schema, const Json& value, const std::string& path) {
    bounds(schema, "minItems", "maxItems", value.size(), " items", path);
    const std::string kind = schema.value("x-kubernetes-list-type", "atomic");
    std::set<Json> seen;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string at = path + "/" + std::to_string(i);
      if (schema.contains("items")) check(schema["items"], value[i], at);
      Json identity = value[i];
      if (kind == "map" && value[i].is_object()) {
        identity = Json::array();
        for (const Json& key : schema["x-kubernetes-list-map-keys"]) {
          identity.push_back(value[i].value(key.get<std::string>(), Json()));
        }
      }
      if (kind != "atomic" && !seen.insert(identity).second) {
        add(at, strCat(quoted(value[i]), " must not occur twice"));
      }
    }
  }

  void object(const Json& schema, const Json& value, const std::string& path) {
    bounds(schema, "minProperties", "maxProperties", value.size(), " entries", path);
    for (const Json& name : schema.value("required", Json::array())) {
      if (!value.contains(name.get<std::string>())) {
        add(path + api::pointerStep(name.get<std::string>()), "is required");
      }
    }
    const auto properties = schema.find("properties");
    const auto more = schema.find("additionalProperties");
    for (const auto& [key, child] : value.items()) {
      const bool named = properties != schema.end() && properties->contains(key);
      if (named) {
        check((*properties)[key], child, path + api::pointerStep(key));
      } else if (more != schema.end() && more->is_object()) {
        check(*more, child, path + api::pointerStep(key));
      }
    }
  }

  void rules(const Json& all, const Json& value, const std::string& path) {
    for (const Json& each : all) {
      const std::string rule = each["rule"];
      const ObjectRule holds = celRule(rule);
      if (!holds) {
        add(path, strCat("cannot be checked against the rule ", printable(rule, 200)));
      } else if (!holds(value)) {
        add(path, each.value("message", rule));
      }
    }
  }

  std::vector<SchemaProblem> found_;
};

std::map<std::string, Json, std::less<>> loadSchemas() {
  std::map<std::string, Json, std::less<>> out;
  for (const std::string_view text : kCrds) {
    const auto crd = parseDocument(std::string(text));
    if (!crd.ok()) continue;  // a unit test reads all four
    out[crd->at("/spec/names/kind"_json_pointer)] =
        crd->at("/spec/versions/0/schema/openAPIV3Schema"_json_pointer);
  }
  return out;
}

}  // namespace

const Json& schemaOf(std::string_view kind) {
  static const auto kSchemas = loadSchemas();
  static const Json kNone;
  const auto it = kSchemas.find(kind);
  return it == kSchemas.end() ? kNone : it->second;
}

std::vector<SchemaProblem> schemaProblems(const Json& object) {
  const Json& schema = schemaOf(api::text(api::member(object, "kind")));
  if (schema.is_null()) return {};
  Json whole = object;
  applyDefaults(schema, whole);
  Checker checker;
  checker.check(schema, whole, "");
  return checker.take();
}

}  // namespace profiling::cli
