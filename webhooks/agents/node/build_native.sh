#!/usr/bin/env bash
# Builds the part of the Node agent that JavaScript cannot do. usage: build_native.sh OUT
# Without a C library, so that the file serves glibc and musl; what it lacks, node itself holds. Never unloaded,
# because a signal may call it until the process is gone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"${CXX:-c++}" -std=c++20 -O2 -Wall -Wextra -Werror -fPIC -shared -nostdlib -ffreestanding -fno-exceptions -fno-rtti \
  -fno-stack-protector -fno-asynchronous-unwind-tables -fvisibility=hidden -s -Wl,-z,noexecstack -Wl,-z,nodelete -Wl,--build-id=none \
  -o "$1" "$here/native/native.cc"
