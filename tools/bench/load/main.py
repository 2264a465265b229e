"""Starts a backend with fixed data, Portico and its peers, drives them in interleaved rounds, and keeps the results.

usage: tools/bench/run load [--quick] [--rounds N] [--seconds N] [--only NAME,...] [--without-probes] [--output FILE]
                             [--beside PORTICO]

Prints Markdown tables; keeps everything in FILE (build/bench/load.json), the charts beside it. The whole takes about a
quarter of an hour, with --quick two minutes whose figures are rough. Exit 1 when a gateway gave a wrong answer or
failed.
"""

import argparse
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import measure
import report
from gateways import ROOT, Backend, all_gateways


def output_of(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        return (done.stdout or done.stderr).strip()
    except OSError:
        return ""


def package_version(name):
    return output_of("dpkg-query", "-W", "-f", "${Version}", name)


def machine():
    """What the figures depend on, and nothing that tells whose machine it is."""
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    with open("/proc/meminfo") as file:
        memory = int(re.search(r"MemTotal:\s+(\d+)", file.read()).group(1))
    return {
        "processor": model.group(1) if model else platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / 1024 / 1024),
        "system": f"Debian {output_of('cat', '/etc/debian_version')}, Linux {'.'.join(platform.release().split('.')[:2])}",
        "go": package_version("golang-go").split(":")[-1].split("~")[0],
        "grpc_gateway": package_version("golang-github-grpc-ecosystem-grpc-gateway-dev").split("-")[0],
        "grpc_go": package_version("golang-google-grpc-dev").split("-")[0],
        "node": output_of("node", "--version").lstrip("v"),
        "nginx": package_version("nginx").split("-")[0],
        "nghttp2": package_version("nghttp2-client").split("-")[0],
        "commit": output_of("git", "describe", "--always", "--dirty"),
        "load_before": os.getloadavg()[0],
    }


def arguments():
    parser = argparse.ArgumentParser(prog="tools/bench/run load", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="two minutes")
    parser.add_argument("--rounds", type=int, help="5; with --quick 1")
    parser.add_argument("--seconds", type=int, help="of a round: 3; with --quick 1")
    parser.add_argument("--only", help="gateways, by their names in the results, separated by commas")
    parser.add_argument("--without-probes", action="store_true", help="only what has 64 connections")
    parser.add_argument("--beside", help="the program of another build of Portico, to be measured in the same rounds")
    parser.add_argument("--output", default=f"{ROOT}/build/bench/load.json", help="where the results are kept")
    flags = parser.parse_args()
    flags.rounds = flags.rounds or (1 if flags.quick else 5)
    flags.seconds = flags.seconds or (1 if flags.quick else 3)
    return flags


def run(flags, folder, guard):
    backend = Backend(folder)
    gateways = []
    try:
        for gateway in all_gateways(backend, folder, flags.only.split(",") if flags.only else None,
                                    os.path.abspath(flags.beside) if flags.beside else None):
            try:
                gateway.start(backend, folder)
                # Wrong answers are not measured; the first gateway, Portico, says what is right.
                measure.check_answers(gateways[:1] + [gateway], backend)
                gateways.append(gateway)
            except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as problem:
                measure.say(f"FAILED {gateway.title}: {problem}")
                guard.failures.append(f"{gateway.title}: {problem}")
                gateway.stop()
        if not gateways:
            raise SystemExit("tools/bench/run load: nothing to measure")
        results = {"machine": machine(), "time": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
                   "rounds": flags.rounds, "seconds": flags.seconds, "quick": flags.quick,
                   "titles": {gateway.name: gateway.title for gateway in gateways}}
        results["throughput"] = measure.throughput(gateways, backend, folder, guard, flags.rounds, flags.seconds)
        results["at_rest"] = measure.at_rest(gateways)
        if not flags.without_probes:
            short = 1 if flags.quick else 2
            results["latency"] = measure.added_latency(gateways, backend, folder, guard, 1 if flags.quick else 3, short)
            results["start_up"] = measure.start_up(gateways, backend, folder, guard, 3 if flags.quick else 9)
            results["idle"] = measure.idle_connections(gateways, backend, folder, guard, 10000)
            results["in_flight"] = measure.many_in_flight(gateways, folder, guard, 2000, 3 if flags.quick else 6)
            results["slow"] = measure.slow_services(gateways, folder, guard, short)
        return results
    finally:
        for gateway in gateways:
            gateway.stop()
        backend.stop()


def main():
    flags = arguments()
    files = measure.allow_many_files()
    if files < 12000:
        measure.say(f"only {files} files may be open: the probe of 10,000 connections will fail")
    os.makedirs(os.path.dirname(os.path.abspath(flags.output)), exist_ok=True)
    # Loopback only: whatever proxy the environment names is none of ours.
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        os.environ.pop(name, None)
    # So that whatever was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    guard = measure.Guard()
    folder = tempfile.mkdtemp(prefix="portico-bench-")
    try:
        results = run(flags, folder, guard)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    results["failures"] = guard.failures
    with open(flags.output, "w") as file:
        json.dump(results, file, indent=1)
    charts = os.path.join(os.path.dirname(os.path.abspath(flags.output)), "charts")
    print(report.markdown(results, report.write_charts(results, charts)))
    return 1 if guard.failures else 0


if __name__ == "__main__":
    sys.exit(main())
