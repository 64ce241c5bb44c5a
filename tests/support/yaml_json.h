// YAML files as JSON, as kubectl would send them: plain scalars become numbers and booleans,
// quoted ones stay strings.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

#include "tests/support/source_dir.h"

namespace profiling::test {

inline nlohmann::json yamlToJson(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null:
      return nullptr;
    case YAML::NodeType::Sequence: {
      auto list = nlohmann::json::array();
      for (const YAML::Node& item : node) list.push_back(yamlToJson(item));
      return list;
    }
    case YAML::NodeType::Map: {
      auto object = nlohmann::json::object();
      for (const auto& entry : node) {
        object[entry.first.as<std::string>()] = yamlToJson(entry.second);
      }
      return object;
    }
    case YAML::NodeType::Scalar:
      break;
  }
  const auto text = node.as<std::string>();
  if (node.Tag() == "!") return text;  // was quoted
  if (text == "true" || text == "false") return text == "true";
  std::int64_t number = 0;
  if (YAML::convert<std::int64_t>::decode(node, number)) return number;
  return text;
}

inline nlohmann::json jsonOfFile(const std::filesystem::path& path) {
  return yamlToJson(YAML::LoadFile(path.string()));
}

inline std::vector<std::filesystem::path> yamlFiles(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(sourceDir()) / folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  return files;
}

}  // namespace profiling::test
