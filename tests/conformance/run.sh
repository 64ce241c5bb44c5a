#!/usr/bin/env bash
# Holds the profile store to the recorded answers of a real Pyroscope server, and runs its Go tests.
# With --url it asks a server that runs already, such as a real one: tests/conformance/run.sh --url http://…:4040
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ $# -gt 0 ]; then
  exec /usr/bin/python3 "$here/replay.py" "$@"
fi
(cd "$here/../e2e/profilestore" && go vet ./... && go test ./...)
exec /usr/bin/python3 -m pytest -q -p no:cacheprovider "$here"
