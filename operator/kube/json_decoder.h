// A decoder (reflector.h) for kinds that are few enough to be read as JSON values.
//
//   jsonDecoder<api::ProfilingServer>(api::serverFromJson)
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "operator/api/json_access.h"
#include "operator/kube/json.h"
#include "operator/kube/reflector.h"

namespace profiling::kube {

// The record's key is the object's own. Errors are kInvalidArgument or kInternal; once the key is
// known they name it.
template <class T>
Decoder<T> jsonDecoder(std::function<Result<T>(nlohmann::json object)> read) {
  return [read = std::move(read)](std::string_view text) -> Result<Decoded<T>> {
    Result<nlohmann::json> object = parseJson(text);
    if (!object.ok()) return object.status();
    const std::string name = api::text(api::member(*object, "metadata", "name"));
    if (name.empty()) return Status(Code::kInvalidArgument, "metadata.name is missing");
    std::string key = objectKey(api::text(api::member(*object, "metadata", "namespace")), name);
    Result<T> record = read(*std::move(object));
    if (!record.ok()) return record.status().annotated(key);
    return Decoded<T>{std::move(key), std::make_shared<const T>(*std::move(record))};
  };
}

}  // namespace profiling::kube
