// Fills a PodView from simdjson's DOM. Part of review.h, which says what errors and problems are.
#pragma once

#include <string>

#include <simdjson.h>

#include "operator/api/k8s/pod_view.h"
#include "operator/base/status.h"

namespace profiling::admission {

Status readPodMetadata(simdjson::dom::element object, api::PodView& pod);
Status readPodSpec(simdjson::dom::element object, api::PodView& pod, std::string& problem);

}  // namespace profiling::admission
