// The programs that a container's command and arguments start, as far as their text shows.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "operator/api/k8s/pod_view.h"

namespace profiling::inject {

struct StartedProgram {
  std::string_view name;       // as written: "/opt/jdk/bin/java", "./manage.py"
  std::string_view first_arg;  // empty: none
  bool in_script = false;      // a line of a script, not the container's own command
  bool replaces = false;       // takes the shell's place (exec): it is what the container runs
};

// Calls `visit` for each program in the order of the text. A word counts where a shell would run it:
// comments, strings, here-documents, patterns and arguments of other programs do not. Programs that
// start another one (env, tini, sh -c and the like) are looked through. Reads at most 4 KiB of an
// argument.
void eachStartedProgram(const api::ContainerView& container,
                        const std::function<void(const StartedProgram&)>& visit);

}  // namespace profiling::inject
