// Fills a PodView from JSON. An error is always the sender's (malformed JSON, a repeated key) and
// names the problem in one line. A field of a wrong type is a `problem`: the API server validates the
// object after us and refuses it with a better message, so such a pod is left alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "operator/api/k8s/pod_view.h"
#include "operator/base/status.h"

namespace profiling::api {

// The caller keeps the element; the views are valid as long as its parser and text.
Status readPodMetadata(simdjson::dom::element object, api::PodView& pod);
Status readPodSpec(simdjson::dom::element object, api::PodView& pod, std::string& problem);

// One pod that is not part of a larger document. Keeps its text: the views are valid until the next
// parse(). One thread.
class PodJson {
 public:
  PodJson();
  ~PodJson();
  PodJson(const PodJson&) = delete;
  PodJson& operator=(const PodJson&) = delete;

  Status parse(std::string_view json);  // kInvalidArgument: not JSON
  Status readMetadata(PodView& pod) const;
  Status readSpec(PodView& pod, std::string& problem) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace profiling::api
