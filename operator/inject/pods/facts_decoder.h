// Decodes the JSON text of a pod into the facts that are kept, with simdjson and without copies.
#pragma once

#include <memory>
#include <string_view>

#include "operator/base/status.h"
#include "operator/inject/pods/pod_facts.h"

namespace profiling::inject {

// One thread; keeps buffers between calls.
class FactsDecoder {
 public:
  FactsDecoder();
  ~FactsDecoder();
  FactsDecoder(const FactsDecoder&) = delete;
  FactsDecoder& operator=(const FactsDecoder&) = delete;

  // The text has kube::kObjectPadding readable bytes behind it. The facts are views, valid until
  // the next call. A field of another type than the API's counts as absent; kInvalidArgument when
  // the name or namespace is missing.
  Result<PodFacts> decode(std::string_view json);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace profiling::inject
