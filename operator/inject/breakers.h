// What has gone wrong with pods that carried an agent, so that the next ones start without it: the
// API server refused them, or the agent's image could not be pulled. No rule can know such causes in
// advance (admission policies, quotas that change, registries).
#pragma once

#include <string_view>

namespace profiling::inject {

enum class Refused {
  kNo,
  kWithAgent,
  kWithoutAgent,  // afterwards also a pod without one: even an annotation of ours may be the cause
};

// Implementations are thread-safe and outlive the decisions that use them.
class Breakers {
 public:
  virtual ~Breakers() = default;
  // Whether the API server refused pods of this owner. `template_hash` distinguishes the
  // templates of an owner; it may be empty.
  virtual Refused refused(std::string_view namespace_, std::string_view owner_uid,
                          std::string_view template_hash) = 0;
  // Nodes cannot pull the image for pods of the namespace.
  virtual bool unpullable(std::string_view namespace_, std::string_view image) const = 0;
};

}  // namespace profiling::inject
