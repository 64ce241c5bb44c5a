#include "controllers/specs/compare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "operator/base/quantity.h"

namespace profiling::specs {
namespace {

using Json = nlohmann::json;

// Merge keys of the lists that our objects use, by field name (listMapKeys in the API's OpenAPI).
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kMergeKeys{{
    {"containers", "name"},
    {"initContainers", "name"},
    {"env", "name"},
    {"volumes", "name"},
    {"imagePullSecrets", "name"},
    {"volumeMounts", "mountPath"},
    {"ownerReferences", "uid"},
    {"webhooks", "name"},
    {"ports", "port"},
    {"ports", "containerPort"},
}};

bool holdsQuantities(std::string_view parent) {
  return parent == "requests" || parent == "limits" || parent == "capacity";
}

std::string scalarText(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string_view mergeKey(std::string_view field, const Json& wanted) {
  for (const auto& [list, key] : kMergeKeys) {
    if (list != field) continue;
    bool all = !wanted.empty();
    for (const Json& item : wanted) all = all && item.is_object() && item.contains(key);
    if (all) return key;
  }
  return {};
}

// A step of a JSON pointer (RFC 6901).
std::string step(std::string_view key) {
  std::string escaped = "/";
  for (const char c : key) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

const Json* findByKey(const Json& list, std::string_view key, const Json& value) {
  for (const Json& item : list) {
    if (!item.is_object()) continue;
    const auto it = item.find(key);
    if (it != item.end() && *it == value) return &item;
  }
  return nullptr;
}

std::optional<std::string> compare(const Json& live, const Json& wanted, const std::string& path,
                                   std::string_view field, std::string_view parent);

std::optional<std::string> compareLists(const Json& live, const Json& wanted,
                                        const std::string& path, std::string_view field) {
  if (!live.is_array()) return path;
  if (const std::string_view key = mergeKey(field, wanted); !key.empty()) {
    for (const Json& item : wanted) {
      const Json* found = findByKey(live, key, item.at(std::string(key)));
      const std::string at = path + step(scalarText(item.at(std::string(key))));
      if (found == nullptr) return at;
      if (auto difference = compare(*found, item, at, {}, field)) return difference;
    }
    return std::nullopt;
  }
  if (live.size() != wanted.size()) return path;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::string at = path + "/" + std::to_string(i);
    if (auto difference = compare(live.at(i), wanted.at(i), at, {}, field)) return difference;
  }
  return std::nullopt;
}

std::optional<std::string> compare(const Json& live, const Json& wanted, const std::string& path,
                                   std::string_view field, std::string_view parent) {
  if (wanted.is_object()) {
    if (!live.is_object()) {
      // The server leaves an empty object out, or a null where we write {}.
      return live.is_null() && wanted.empty() ? std::nullopt : std::optional(path);
    }
    for (const auto& [key, value] : wanted.items()) {
      if (path.empty() && (key == "apiVersion" || key == "kind")) continue;
      const auto it = live.find(key);
      const std::string at = path + step(key);
      const bool nothing = value.is_null() || (value.is_structured() && value.empty()) ||
                           value == Json(false) || value == Json("");
      if (it == live.end()) {
        if (!nothing) return at;
        continue;
      }
      if (auto difference = compare(*it, value, at, key, field)) return difference;
    }
    return std::nullopt;
  }
  if (wanted.is_array()) return compareLists(live, wanted, path, field);
  if (live == wanted) return std::nullopt;
  if (holdsQuantities(parent) && !live.is_structured() &&
      sameQuantity(scalarText(live), scalarText(wanted))) {
    return std::nullopt;
  }
  return path;
}

}  // namespace

bool sameQuantity(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto x = parseQuantity(a);
  const auto y = parseQuantity(b);
  return x && y && std::abs(*x - *y) <= 1e-12 * std::max(std::abs(*x), std::abs(*y));
}

std::optional<std::string> firstDifference(const Json& live, const Json& wanted) {
  return compare(live, wanted, "", {}, {});
}

}  // namespace profiling::specs
