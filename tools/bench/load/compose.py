"""CPU time per composed page of Portico, beside fan-outs written by hand in Go and for Node.

usage: tools/bench/run compose [--rounds N] [--seconds N]

Five parallel calls, two calls of which the second needs the first one's answer, and a list of twenty whose products,
prices and stock are three batched calls after it; 64 connections, interleaved rounds.
Prints a Markdown table: microseconds per page, median and minimum. Exit 1 when a gateway gave a wrong answer or failed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

import measure
import report
from gateways import Backend, all_gateways
from main import machine
from scenarios import CHAIN, PAGE, SHELF

PAGES = (PAGE, CHAIN, SHELF)


def main():
    parser = argparse.ArgumentParser(prog="tools/bench/run compose", description=__doc__, usage=argparse.SUPPRESS,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    flags = parser.parse_args()
    measure.allow_many_files()
    guard = measure.Guard()
    folder = tempfile.mkdtemp(prefix="portico-bench-")
    backend = Backend(folder)
    gateways = []
    try:
        for gateway in all_gateways(backend, folder, ("portico-http2", "fanout", "node")):
            try:
                gateway.start(backend, folder)
                measure.check_answers(gateways[:1] + [gateway], backend, PAGES)
                gateways.append(gateway)
            except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as problem:
                measure.say(f"FAILED {gateway.title}: {problem}")
                guard.failures.append(f"{gateway.title}: {problem}")
                gateway.stop()
        results = measure.throughput(gateways, backend, folder, guard, flags.rounds, flags.seconds, PAGES)
    finally:
        for gateway in gateways:
            gateway.stop()
        backend.stop()
        shutil.rmtree(folder, ignore_errors=True)
    about = machine()
    print(f"{about['processors']} processors, {about['processor']}, {about['system']}, load {os.getloadavg()[0]:.1f}; "
          f"{flags.rounds} rounds of {flags.seconds} s\n")
    print("| CPU µs per page | " + " | ".join(page.title for page in PAGES) + " |\n|---|" + "---|" * len(PAGES))
    for gateway in gateways:
        rounds = [results.get(page.name, {}).get(gateway.name) for page in PAGES]
        cells = [report.middle_and_least(one, "cpu_us") if one else "failed" for one in rounds]
        print(f"| {gateway.title} | " + " | ".join(cells) + " |")
    return 1 if guard.failures else 0


if __name__ == "__main__":
    sys.exit(main())
