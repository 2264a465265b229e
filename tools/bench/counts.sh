#!/usr/bin/env bash
# Counts allocations and system calls per request (load/counts.py).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

tools/install-deps --bench
tools/build release portico bench-backend bench-allocations >&2
exec python3 -B tools/bench/load/counts.py "$@"
