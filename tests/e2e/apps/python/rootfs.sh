#!/usr/bin/env bash
# usage: tests/e2e/apps/python/rootfs.sh DIR: the application, Debian's Python 3.11 and its library.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../../../hack/images/rootfs.bash"
python=$(readlink -f /usr/bin/python3)
version=$(basename "$python")

new_rootfs "$1"
install -m 755 "$python" "$1/usr/bin/python3"
mkdir "$1/usr/lib/$version"
# Without what is for building, testing and drawing, and without files that link into /etc.
tar -C "/usr/lib/$version" --exclude=__pycache__ --exclude='config-*' --exclude=test --exclude=lib2to3 \
  --exclude=ensurepip --exclude=idlelib --exclude=pydoc_data --exclude=tkinter --exclude=curses \
  --exclude=sitecustomize.py --exclude=distutils -cf - . | tar -C "$1/usr/lib/$version" -xf -
# Compiled ahead: the application's user cannot write it. By content, not by time, to stay the same.
env -u PYTHONPATH "$python" -m compileall -q --invalidation-mode unchecked-hash -s "$1" "$1/usr/lib/$version"
install -D -m 644 "$here/checkout.py" "$1/app/checkout.py"
mapfile -t files < <(find "$1/usr/lib/$version/lib-dynload" -name '*.so')
add_libraries "$1" "$1/usr/bin/python3" "${files[@]}"
add_c_library "$1"
# Every distribution has this one; native extensions expect it.
libgcc=$(library_path libgcc_s.so.1)
install -D -m 755 "$libgcc" "$1$(realpath "$(dirname "$libgcc")")/libgcc_s.so.1"
