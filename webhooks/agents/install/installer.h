// Copies an agent's files out of its image into a pod's shared volume, either completely and
// verified or not at all: an application container must never start with half an agent, because a
// JVM or Node that cannot load its agent does not start.
//
// The files go to a hidden folder beside the destination, are checked against the manifest while
// they are written, and the folder is renamed into place at the end. Works as any user and
// changes no owner; all users can read the files, because the application may run as another user.
//
// By default nothing is flushed to disk: the pods of a node read the volume through the page cache
// that the installer filled, and after a node crash the kubelet runs init containers again; the
// second run compares every byte with the manifest and reinstalls on any difference.
// Flushing the Python agent (82 files, 120 MB) took 1.1 s on a busy disk, not flushing 0.13 s, at
// each pod's start.

#pragma once

#include <cstdint>
#include <string>

namespace profiling::agents {

struct InstallRequest {
  std::string from = "/agent";  // the tree with its manifest; only read
  std::string to;               // the folder to create; its parent must exist
  bool flush = false;           // fsync every file and folder before the rename
};

// Exit codes of the program; they show a cluster operator where to look.
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
