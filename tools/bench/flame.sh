#!/usr/bin/env bash
# Draws where Portico's CPU time goes (load/flame.py).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

tools/install-deps --bench
tools/build release portico bench-backend >&2
exec python3 -B tools/bench/load/flame.py "$@"
