// Copies an agent's files out of its image into a pod's shared volume, so that they are either all
// there and checked, or not there at all: an application container must never start against half an
// agent, since a JVM or Node that cannot load its agent does not start.
//
// The files go to a hidden folder beside the destination, are checked against the manifest while
// they are written, and the folder is renamed into place at the end. Works as any user, changes no
// owner; files are readable by everybody because the application may run as another user.
//
// Everything is flushed to disk before the rename. Where that is too slow it can be left out
// without losing the promise: after a crash of the node the kubelet runs init containers again, and
// a second run compares every byte with the manifest and installs anew on any difference.
#pragma once

#include <cstdint>
#include <string>

namespace profiling::agents {

struct InstallRequest {
  std::string from = "/agent";  // the tree with its manifest; only read
  std::string to;               // the folder to make; its parent must exist
  bool flush = true;            // fsync every file and folder before the rename
};

// Exit codes of the program; they tell an operator of the cluster where to look.
enum class InstallOutcome {
  kInstalled = 0,
  kAlreadyThere = 0x100,  // exit code 0 too
  kUsage = 2,
  kSourceDamaged = 3,      // the image: manifest missing, file missing or not as listed
  kDestinationFailed = 4,  // the volume: full, read-only, not permitted
};

struct InstallReport {
  InstallOutcome outcome = InstallOutcome::kInstalled;
  std::string error;  // empty on success
  uint64_t bytes = 0;
  uint64_t files = 0;
};

InstallReport install(const InstallRequest& request);

}  // namespace profiling::agents
