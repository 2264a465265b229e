#!/usr/bin/env bash
# Writes the last results into README.md (load/report.py).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
exec python3 -B tools/bench/load/report.py "$@"
