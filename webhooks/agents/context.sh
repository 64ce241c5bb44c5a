#!/usr/bin/env bash
# Prepares the build context of an agent image: Dockerfile, install-agent, and the tree /agent with
# its manifest. Everything is pinned by checksum; downloads and builds are cached.
#
# usage: webhooks/agents/context.sh java|python|node|dotnet|ruby|scrape DIR      DIR is emptied first
#        AGENT_FILES=FOLDER          for dotnet and ruby, which are not published in any registry that the build uses:
#                                    dotnet: pyroscope.VERSION-{glibc,musl}-x86_64.tar.gz as released
#                                    ruby: RUBY-MINOR/GEM/lib/…, the gems pyroscope and ffi unpacked
#        INSTALL_AGENT_BINARY=FILE   use this build of install-agent instead of building one
#        SCRAPE_AGENT_BINARY=FILE    the same for profiling-agent, the only program of the scrape image
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${PROFILING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/profiling-operator}/agents
. "$here/versions.env"
umask 022
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

key() { cat "$@" | sha256sum | cut -c1-16; }

# cached NAME COMMAND…: runs COMMAND DIR once per NAME; prints the folder. All or nothing, so two
# builds at the same time do no harm. Inside COMMAND `set -e` has no effect, as after any ||.
cached() {
  local dir="$cache/$1" work
  shift
  if [ ! -d "$dir" ]; then
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/work.XXXXXX")
    "$@" "$work" >&2 || { rm -rf "$work"; die "$* failed"; }
    chmod 755 "$work"
    mv -T "$work" "$dir" 2>/dev/null || rm -rf "$work"
  fi
  printf '%s\n' "$dir"
}

# Takes only the native profiler from the published agent.
fetch_java() {
  mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
    "-Dartifact=io.pyroscope:agent:$JAVA_AGENT_VERSION" "-DoutputDirectory=$1" -Dmdep.stripVersion=true || return 1
  mv "$1/agent.jar" "$1/pyroscope.jar"
  (
    cd "$1"
    sha256sum --quiet -c "$here/java/pyroscope.jar.sha256" || exit 1
    env -u JAVA_TOOL_OPTIONS jar xf pyroscope.jar libasyncProfiler-linux-x64.so libasyncProfiler-linux-arm64.so || exit 1
    mkdir lib
    for machine in x64 arm64; do mv "libasyncProfiler-linux-$machine.so" "lib/libasyncProfiler-$machine.so" || exit 1; done
    rm pyroscope.jar
  )
}

# Java 8 bytecode, reproducible: without timestamps.
build_java_agent() {
  env -u JAVA_TOOL_OPTIONS javac --release 8 -Xlint:-options -d "$1/classes" "$here"/java/*.java || return 1
  printf 'Premain-Class: dev.profiling.agent.Launcher\n' >"$1/manifest"
  env -u JAVA_TOOL_OPTIONS jar --create --file "$1/pyroscope.jar" --manifest "$1/manifest" --date 2020-01-01T00:00:00Z -C "$1/classes" . || return 1
  rm -r "$1/classes" "$1/manifest"
}

fetch_python() {
  local minor libc platforms folder
  for minor in $PYTHON_MINORS; do
    for libc in gnu musl; do
      case $libc in
        gnu) platforms=(--platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64) ;;
        musl) platforms=(--platform musllinux_1_1_x86_64 --platform musllinux_1_2_x86_64) ;;
      esac
      folder="$1/cp$minor-$libc-x86_64"
      /usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
        --only-binary :all: --implementation cp --python-version "${minor:0:1}.${minor:1}" --abi "cp$minor" \
        "${platforms[@]}" -d "$folder.whl" -r "$here/python/requirements.txt" || return 1
      /usr/bin/python3 -m zipfile -e "$folder.whl"/*.whl "$folder" || return 1
      rm -rf "$folder.whl"
      # The file's suffix names a libc, and Pythons built for musl differ in the suffix they look for.
      mv "$folder"/pyroscope/_native.*.so "$folder/pyroscope/_native.so" || return 1
      # Debug symbols are a fifth of the file, which every pod copies at its start.
      strip --strip-unneeded "$folder/pyroscope/_native.so" || return 1
    done
  done
}

# Bundles the package tree into one file and keeps the native builds for this platform.
fetch_node() {
  local root file abi
  root=$("$here/node/toolchain.sh") || return 1
  cp "$here"/node/package.json "$here"/node/package-lock.json "$here"/node/*.?js "$1/"
  (
    cd "$1"
    export PATH="$root/bin:$PATH" NODE_OPTIONS='' npm_config_update_notifier=false
    node "$root/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts --no-audit --no-fund --loglevel=error || exit 1
    node node_modules/esbuild/bin/esbuild agent.cjs last_upload_worker.cjs --bundle --platform=node --target=node20 --inject:real.mjs \
      --format=cjs --legal-comments=inline --log-level=warning --outdir=tree/lib/out --out-extension:.js=.cjs || exit 1
    # Only for this machine's architecture, as the prebuilds.
    "$here/node/build_native.sh" tree/lib/native.x64.node || exit 1
    # node-gyp-build looks for prebuilds two folders above the file that asks.
    mkdir -p tree/prebuilds/linux-x64
    for abi in $NODE_ABIS; do
      for file in "dd_pprof.node.abi$abi.node" "dd_pprof.musl.node.abi$abi.node"; do
        cp "node_modules/@datadog/pprof/prebuilds/linux-x64/$file" tree/prebuilds/linux-x64/ || exit 1
      done
    done
    mkdir tree/licenses
    for file in @datadog/pprof @pyroscope/nodejs debug ms node-gyp-build p-limit pprof-format source-map; do
      for licence in "node_modules/$file"/LICENSE*; do
        if [ -f "$licence" ]; then cp "$licence" "tree/licenses/${file//\//-}.txt"; break; fi
      done
    done
    rm -rf node_modules package.json package-lock.json ./*.?js
  ) || return 1
  mv "$1"/tree/* "$1"/ && rmdir "$1/tree"
}

need_files() { [ -d "${AGENT_FILES:-}" ] || die "$lang: AGENT_FILES must name the folder with its files; see $0"; }

tree_dotnet() {
  local libc archive file
  for libc in glibc musl; do
    archive="$AGENT_FILES/pyroscope.$DOTNET_AGENT_VERSION-$libc-x86_64.tar.gz"
    [ -r "$archive" ] || die "dotnet: $archive is missing"
    mkdir -p "$1/$libc"
    tar -xzf "$archive" -C "$1/$libc" --no-same-owner
    for file in Pyroscope.Profiler.Native.so Pyroscope.Linux.ApiWrapper.x64.so; do
      [ -f "$1/$libc/$file" ] || die "dotnet: $archive holds no $file"
    done
  done
}

tree_ruby() {
  local found
  found=$(find "$AGENT_FILES" -mindepth 4 -maxdepth 4 -path '*/lib/pyroscope.rb' -printf x)
  [ -n "$found" ] || die "ruby: $AGENT_FILES holds no RUBY-MINOR/GEM/lib/pyroscope.rb"
  mkdir "$1/native"
  cp -r "$AGENT_FILES"/. "$1/native/"
  cp "$here/ruby/preload.rb" "$1/"
}

build_install_agent() {
  cmake -S "$here/install" -B "$1/build" -DCMAKE_BUILD_TYPE=Release &&
    cmake --build "$1/build" && mv "$1/build/install_agent" "$1/install-agent" && rm -rf "$1/build"
}

build_scrape_agent() {
  cmake -S "$here/scrape" -B "$1/build" -DCMAKE_BUILD_TYPE=Release &&
    cmake --build "$1/build" --parallel "$(nproc)" && mv "$1/build/profiling-agent" "$1/" && rm -rf "$1/build"
}

# The binary holds everything except the root certificates, which come from this machine.
scrape_context() {
  local sources
  if [ -z "${SCRAPE_AGENT_BINARY:-}" ]; then
    mapfile -t sources < <(find "$here/scrape" "$here/../../operator/base" -type f \( -name '*.cc' -o -name '*.h' -o -name CMakeLists.txt \) | LC_ALL=C sort)
    SCRAPE_AGENT_BINARY=$(cached "scrape-agent-$(key "${sources[@]}")" build_scrape_agent)/profiling-agent
  fi
  rm -rf "$1"
  mkdir -p "$1"
  install -m 755 "$SCRAPE_AGENT_BINARY" "$1/profiling-agent"
  install -m 644 /etc/ssl/certs/ca-certificates.crt "$1/ca-certificates.crt"
  cp "$here/scrape/Dockerfile" "$1/"
}

[ $# -eq 2 ] || die "usage: $0 java|python|node|dotnet|ruby|scrape DIR"
lang=$1 out=$2
case $lang in
  scrape) scrape_context "$out"; exit ;;
  java)
    tree=$(cached "java-$(key "$here/versions.env" "$here/java/pyroscope.jar.sha256" "$here/context.sh")" fetch_java)
    agent=$(cached "java-agent-$(key "$here"/java/*.java "$here/context.sh")" build_java_agent) ;;
  python) tree=$(cached "python-$(key "$here/versions.env" "$here/python/requirements.txt" "$here/context.sh")" fetch_python) ;;
  node) tree=$(cached "node-$(key "$here/versions.env" "$here/node/package-lock.json" "$here"/node/*.?js "$here/node/native/native.cc" "$here/node/build_native.sh" "$here/context.sh")" fetch_node) ;;
  dotnet | ruby) need_files ;;
  *) die "unknown language '$lang': java, python, node, dotnet, ruby and scrape have an agent image" ;;
esac
if [ -z "${INSTALL_AGENT_BINARY:-}" ]; then
  INSTALL_AGENT_BINARY=$(cached "install-agent-$(key "$here"/install/*)" build_install_agent)/install-agent
fi

rm -rf "$out"
mkdir -p "$out/agent"
install -m 755 "$INSTALL_AGENT_BINARY" "$out/install-agent"
cp "$here/$lang/Dockerfile" "$out/"
case $lang in
  java) cp -r "$tree/lib" "$out/agent/" && cp "$agent/pyroscope.jar" "$out/agent/" ;;
  python)
    mkdir "$out/agent/native"
    cp -r "$tree"/. "$out/agent/native/"
    mkdir "$out/agent/_profiling_agent"
    cp "$here/python/sitecustomize.py" "$out/agent/"
    cp "$here"/python/_profiling_agent/*.py "$out/agent/_profiling_agent/"
    ;;
  node) cp -r "$tree"/. "$here/node/preload.cjs" "$out/agent/" ;;
  dotnet | ruby) "tree_$lang" "$out/agent" ;;
esac
chmod -R u=rwX,go=rX "$out"
cd "$out/agent"
find . -type f ! -name MANIFEST.sha256 -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum >../MANIFEST.sha256
mv ../MANIFEST.sha256 MANIFEST.sha256
