#!/usr/bin/env bash
# usage: tests/e2e/apps/java/rootfs.sh DIR: the application, a JRE cut to what it and an agent need.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../../../hack/images/rootfs.bash"
jdk=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}

new_rootfs "$1"
env -u JAVA_TOOL_OPTIONS "$jdk/bin/javac" -g -d "$1/app" "$here/shop/Checkout.java"
# instrument and management: any -javaagent; jfr, naming, net.http, unsupported: what profilers use.
env -u JAVA_TOOL_OPTIONS "$jdk/bin/jlink" --output "$1/jre" --no-man-pages --no-header-files --strip-java-debug-attributes \
  --add-modules java.base,java.instrument,java.logging,java.management,java.naming,java.net.http,jdk.crypto.ec,jdk.httpserver,jdk.jfr,jdk.management,jdk.unsupported
rm -rf "$1"/jre/{legal,lib/src.zip}
mapfile -t files < <(find "$1/jre" -type f \( -name '*.so' -o -path '*/bin/java' \))
LD_LIBRARY_PATH="$1/jre/lib:$1/jre/lib/server" add_libraries "$1" "${files[@]}"
add_c_library "$1"
