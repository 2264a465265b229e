#!/usr/bin/env bash
# Builds what is measured, then runs load/guards.py, which says more with --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

tools/install-deps --bench
tools/build release portico bench-backend >&2
exec python3 -B tools/bench/load/guards.py "$@"
