// Copies an agent's files out of its image into a pod's shared volume, so that they are either all
// there and checked, or not there at all: an application container must never start against half an
// agent, since a JVM or Node that cannot load its agent does not start.
//
// The files go to a hidden folder beside the destination, are checked against the manifest while
// they are written, and the folder is renamed into place at the end. Works as any user, changes no
// owner; files are readable by everybody because the application may run as another user.
//
// Nothing is flushed to disk unless asked for: the pods of a node read the volume through the page
// cache that this wrote, and after a crash of the node the kubelet runs init containers again,
// where a second run compares every byte with the manifest and installs anew on any difference.
// Flushing the Python agent (82 files, 120 MB) took 1.1 s on a busy disk, not flushing 0.13 s, at
// each pod's start.

#pragma once

#include <cstdint>
#include <string>

namespace profiling::agents {

struct InstallRequest {
  std::string from = "/agent";  // the tree with its manifest; only read
  std::string to;               // the folder to make; its parent must exist
  bool flush = false;           // fsync every file and folder before the rename
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
