// crds/*.yaml and the C++ field tables say the same, both ways.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "operator/api/v1alpha1/codec.h"
#include "tests/support/source_dir.h"
#include "tests/support/yaml_json.h"

namespace profiling::api {
namespace {

using Json = nlohmann::json;

struct Crd {
  const char* kind;
  const char* file;
  const char* table;
  std::vector<FieldSchema> (*schema)();
  // Fragments that the operator passes through as written: only their type is compared.
  std::set<std::string> raw;
};

void PrintTo(const Crd& crd, std::ostream* out) {
  *out << crd.file;
}

const Crd kPolicy{"ProfilingPolicy",
                  "crds/profiling.dev_profilingpolicies.yaml",
                  "operator/api/v1alpha1/policy.cc",
                  policySchema,
                  {}};
const Crd kClusterPolicy{"ClusterProfilingPolicy",
                         "crds/profiling.dev_clusterprofilingpolicies.yaml",
                         "operator/api/v1alpha1/policy.cc",
                         clusterPolicySchema,
                         {}};
const Crd kServer{"ProfilingServer",
                  "crds/profiling.dev_profilingservers.yaml",
                  "operator/api/v1alpha1/server.cc",
                  serverSchema,
                  {"/spec/resources", "/spec/nodeSelector", "/spec/tolerations",
                   "/spec/podAnnotations", "/spec/imagePullSecrets"}};

const Crd kWorkload{"WorkloadProfile",
                    "crds/profiling.dev_workloadprofiles.yaml",
                    "operator/api/v1alpha1/workload.cc",
                    workloadSchema,
                    {}};

std::optional<std::int64_t> number(const Json& node, const char* key) {
  const auto it = node.find(key);
  if (it == node.end()) return std::nullopt;
  return it->get<std::int64_t>();
}

using Schemas = std::map<std::string, FieldSchema>;

void walk(const Json& node, const std::string& path, bool required,
          const std::set<std::string>& raw, Schemas& out) {
  FieldSchema& field = out[path];
  field.path = path;
  field.required = required;
  field.type = node.value("type", "");
  field.default_value = node.value("default", Json());
  field.enum_values = node.value("enum", std::vector<std::string>());
  field.minimum = number(node, "minimum");
  field.maximum = number(node, "maximum");
  if (raw.count(path) != 0) return;
  const auto wanted = node.value("required", std::vector<std::string>());
  const Json children = node.value("properties", Json::object());
  for (const auto& [name, child] : children.items()) {
    const bool is_required = std::find(wanted.begin(), wanted.end(), name) != wanted.end();
    walk(child, path + "/" + name, is_required, raw, out);
  }
  // An object's default may repeat those of its members, for its CEL rules to hold: that says
  // nothing more than {}.
  for (const auto& [name, child] : children.items()) {
    if (field.default_value.is_object() && child.contains("default") &&
        field.default_value.value(name, Json()) == child.at("default")) {
      field.default_value.erase(name);
    }
  }
  if (node.contains("items")) walk(node.at("items"), path + "/*", false, raw, out);
}

Json schemaOfFile(const Crd& crd) {
  const Json document = test::jsonOfFile(test::sourceDir() + "/" + crd.file);
  return document.at("/spec/versions/0/schema/openAPIV3Schema"_json_pointer);
}

Schemas schemasOfFile(const Crd& crd) {
  Schemas all;
  walk(schemaOfFile(crd), "", false, crd.raw, all);
  for (const char* built_in : {"", "/apiVersion", "/kind", "/metadata"}) all.erase(built_in);
  return all;
}

template <class T>
std::string shown(const T& value) {
  return Json(value).dump();
}
std::string shown(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : "none";
}

// What differs, one line for each; empty when both agree.
std::vector<std::string> differences(const Crd& crd, const Schemas& yaml, const Schemas& table) {
  std::vector<std::string> lines;
  const auto where = [&](const std::string& path) { return "at " + path + ": "; };
  for (const auto& [path, field] : yaml) {
    const auto it = table.find(path);
    if (it == table.end()) {
      lines.push_back(where(path) + "is in " + crd.file + " but not in " + crd.table);
      continue;
    }
    const auto compare = [&](const char* what, const auto& in_yaml, const auto& in_table) {
      if (in_yaml == in_table) return;
      lines.push_back(where(path) + what + " is " + shown(in_yaml) + " in " + crd.file + " but " +
                      shown(in_table) + " in " + crd.table);
    };
    compare("type", field.type, it->second.type);
    if (crd.raw.count(path) != 0) continue;
    compare("required", field.required, it->second.required);
    compare("default", field.default_value, it->second.default_value);
    compare("enum", field.enum_values, it->second.enum_values);
    compare("minimum", field.minimum, it->second.minimum);
    compare("maximum", field.maximum, it->second.maximum);
  }
  for (const auto& [path, field] : table) {
    if (yaml.count(path) != 0) continue;
    lines.push_back(where(path) + "is in " + crd.table + " but not in " + crd.file);
  }
  return lines;
}

Schemas schemasOfTable(const Crd& crd) {
  Schemas all;
  for (const FieldSchema& field : crd.schema()) {
    EXPECT_TRUE(all.emplace(field.path, field).second)
        << field.path << " occurs twice in " << crd.table;
  }
  return all;
}

class Conformance : public testing::TestWithParam<Crd> {};

TEST_P(Conformance, FileAndTableAgree) {
  const Crd& crd = GetParam();
  const Schemas yaml = schemasOfFile(crd);
  EXPECT_GT(yaml.size(), 30u) << crd.file;
  for (const std::string& line : differences(crd, yaml, schemasOfTable(crd))) {
    ADD_FAILURE() << line;
  }
}

TEST_P(Conformance, RawFragmentsHaveNoFieldsInTheTable) {
  const Crd& crd = GetParam();
  for (const auto& [path, field] : schemasOfTable(crd)) {
    for (const std::string& raw : crd.raw) {
      EXPECT_FALSE(path.starts_with(raw + "/")) << path << " in " << crd.table;
    }
  }
}

// The comparison itself must see each kind of difference.
TEST_P(Conformance, EveryKindOfDifferenceIsReported) {
  const Crd& crd = GetParam();
  const Schemas yaml = schemasOfFile(crd);
  const auto reported = [&](void (*change)(FieldSchema&)) {
    Schemas changed = yaml;
    change(changed.at("/status/observedGeneration"));
    return differences(crd, yaml, changed);
  };
  const auto one = [](const std::vector<std::string>& lines, const std::string& word) {
    return lines.size() == 1 && lines[0].starts_with("at /status/observedGeneration: " + word);
  };
  EXPECT_TRUE(one(reported([](FieldSchema& f) { f.type = "string"; }), "type"));
  EXPECT_TRUE(one(reported([](FieldSchema& f) { f.required = true; }), "required"));
  EXPECT_TRUE(one(reported([](FieldSchema& f) { f.default_value = 1; }), "default"));
  EXPECT_TRUE(one(reported([](FieldSchema& f) { f.enum_values = {"a"}; }), "enum"));
  EXPECT_TRUE(one(reported([](FieldSchema& f) { f.minimum = 1; }), "minimum"));
  EXPECT_TRUE(one(reported([](FieldSchema& f) { f.maximum = 1; }), "maximum"));
  Schemas without = yaml;
  without.erase("/status/observedGeneration");
  EXPECT_TRUE(one(differences(crd, yaml, without), "is in " + std::string(crd.file)));
  EXPECT_TRUE(one(differences(crd, without, yaml), "is in " + std::string(crd.table)));
}

INSTANTIATE_TEST_SUITE_P(Crds, Conformance,
                         testing::Values(kPolicy, kClusterPolicy, kServer, kWorkload),
                         [](const auto& tested) { return tested.param.kind; });

// Bounds and rules are written down once for each kind; only these are the cluster kind's own.
TEST(Conformance, BothPolicyKindsHaveTheSameRules) {
  const auto said = [](const Crd& crd) {
    Json schema = schemaOfFile(crd);
    const std::function<void(Json&)> strip = [&](Json& node) {
      if (node.is_object() && node.contains("description") && node["description"].is_string())
        node.erase("description");
      for (Json& child : node) {
        if (child.is_structured()) strip(child);
      }
    };
    strip(schema);
    return schema;
  };
  Json cluster = said(kClusterPolicy);
  Json& spec = cluster.at("/properties/spec"_json_pointer);
  EXPECT_EQ(spec["properties"]["namespaceSelector"], spec["properties"]["selector"]);
  spec["properties"].erase("namespaceSelector");
  EXPECT_EQ(spec["x-kubernetes-validations"].size(), 2u);
  spec["x-kubernetes-validations"].erase(1);
  Json own = said(kPolicy);
  Json& rollout = own.at("/properties/spec/properties/rollout"_json_pointer);
  EXPECT_EQ(rollout["x-kubernetes-validations"].size(), 1u) << "a namespace has no order of waves";
  rollout.erase("x-kubernetes-validations");
  EXPECT_TRUE(cluster == own) << Json::diff(own, cluster).dump(1);
}

}  // namespace
}  // namespace profiling::api
