// The version of a runtime, where the name of an image or the path of a program states it. Pure.
#pragma once

#include <optional>

#include "operator/api/k8s/pod_view.h"
#include "operator/inject/env.h"

namespace profiling::inject {

struct RuntimeVersion {
  int major = 0, minor = 0;
  bool free_threaded = false;  // Python without its global lock: "3.13t"
};

// Of "tomcat:9-jre7", "node:8-alpine", "/usr/lib/jvm/java-1.7.0/bin/java", "python3.13t". nullopt:
// nothing states it. Other languages than Java, Node.js and Python state none.
std::optional<RuntimeVersion> statedVersion(api::Language language, const ContainerEnv& env);

// Whether that version is one that does not start with the agent, or for which there is none.
bool isUnsupportedVersion(api::Language language, const ContainerEnv& env);

// Whether the Java of the container is known to read options of any length: Java 9 and later.
bool readsLongOptions(const ContainerEnv& env);

}  // namespace profiling::inject
