"""Where Portico's CPU time goes: a flame graph as SVG, and the functions with the most time of their own.

usage: tools/bench/run flame [get|post|list|page|body-1k|body-100k] [--transport http2|grpc] [--output FILE.svg]

perf samples the process for a few seconds under load of 64 connections. Where the kernel does not let it
(kernel.perf_event_paranoid), gperftools' profiler is preloaded instead, which sees no kernel and needs no permission.
"""

import argparse
import glob
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
from collections import Counter

import measure
from flame_svg import flame_svg
from gateways import ROOT, Backend, Portico
from load import wrk
from process import Process, free_port
from scenarios import SCENARIOS
from symbols import Symbols, short

SECONDS = 4


def by_perf(pid, folder, load):
    """{stack from the outside: samples}; None when perf may not watch the process."""
    data = f"{folder}/perf.data"
    recorder = subprocess.Popen(
        ["perf", "record", "-q", "-e", "cpu-clock", "-F", "499", "--call-graph", "dwarf,16384", "-p", str(pid), "-o", data,
         "--", "sleep", str(SECONDS)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    driver = threading.Thread(target=load)
    driver.start()
    _, said = recorder.communicate(timeout=SECONDS + 60)
    driver.join()
    if recorder.returncode != 0:
        print(f"perf: {said.strip().splitlines()[0] if said.strip() else 'failed'}", file=sys.stderr)
        return None
    script = subprocess.run(["perf", "script", "-i", data, "--no-inline", "-F", "comm,ip,sym"], capture_output=True, text=True,
                            check=True, timeout=300)
    stacks, frames = Counter(), []
    for line in [*script.stdout.splitlines(), ""]:
        if not line.strip():
            if frames:
                stacks[tuple(reversed(frames))] += 1
            frames = []
        elif line[0] in " \t":
            address, _, name = line.strip().partition(" ")
            kernel = len(address) == 16 and address.startswith("ffff")
            frames.append(name + "_[k]" if kernel else short(name) or "unknown")
    return stacks


def read_profile(path):
    """Stacks of addresses from the inside, with their samples, of a file in gperftools' format: words of 64 bits, after
    a header a record of count, depth and addresses each, and one of count 0 at the end."""
    with open(path, "rb") as file:
        data = file.read()
    words = struct.unpack(f"<{len(data) // 8}Q", data[:len(data) // 8 * 8])
    at = 2 + words[1]
    while at + 2 < len(words) and words[at] != 0:
        count, depth = words[at], words[at + 1]
        yield words[at + 2:at + 2 + depth], count
        at += 2 + depth


class ProfiledPortico(Portico):
    """Portico with gperftools' profiler in it, which SIGUSR2 starts and stops."""

    def launch(self, backend, folder):
        self.port = free_port()
        library = glob.glob("/usr/lib/*/libprofiler.so")[0]
        self.process = Process(self.command(backend, folder), f"{folder}/profiled-{self.port}.log", environment={
            "LD_PRELOAD": library, "CPUPROFILE": f"{folder}/profile", "CPUPROFILESIGNAL": "12",
            "CPUPROFILE_FREQUENCY": "499"})


def by_gperftools(gateway, folder, load):
    os.kill(gateway.process.pid, 12)
    load()
    os.kill(gateway.process.pid, 12)
    load()  # so that the signal is handled
    profile = sorted(glob.glob(f"{folder}/profile*"))[0]
    raw = list(read_profile(profile))
    names = Symbols(gateway.process.pid).names([address for stack, _ in raw for address in stack])
    stacks = Counter()
    for stack, count in raw:
        frames = [name for address in stack for name, _ in names.get(address, [("unknown", "")])]
        stacks[tuple(reversed(frames))] += count
    return stacks


def main():
    parser = argparse.ArgumentParser(prog="tools/bench/run flame", description=__doc__, usage=argparse.SUPPRESS,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="?", default="get", choices=[scenario.name for scenario in SCENARIOS])
    parser.add_argument("--transport", choices=("http2", "grpc"))
    parser.add_argument("--output", default=f"{ROOT}/build/bench/flame.svg")
    parser.add_argument("--gperftools", action="store_true", help="do not try perf")
    flags = parser.parse_args()
    scenario = next(one for one in SCENARIOS if one.name == flags.scenario)
    measure.allow_many_files()
    folder = tempfile.mkdtemp(prefix="portico-bench-")
    backend = Backend(folder)
    gateway = None
    try:
        transport = flags.transport or ("http2" if Portico("http2").supported(backend, folder) else "grpc")
        stacks = None
        for kind in (Portico, ProfiledPortico):
            if kind is Portico and (flags.gperftools or not shutil.which("perf")):
                continue
            gateway = kind(transport)
            gateway.start(backend, folder)
            wrk(gateway.port, scenario.path, scenario.body or None, seconds=1)

            def load():
                wrk(gateway.port, scenario.path, scenario.body or None, seconds=SECONDS)
            stacks = (by_perf(gateway.process.pid, folder, load) if kind is Portico else
                      by_gperftools(gateway, folder, load))
            gateway.stop()
            if stacks:
                break
    finally:
        if gateway:
            gateway.stop()
        backend.stop()
        shutil.rmtree(folder, ignore_errors=True)
    if not stacks:
        print("no samples", file=sys.stderr)
        return 1
    os.makedirs(os.path.dirname(os.path.abspath(flags.output)), exist_ok=True)
    with open(flags.output, "w") as file:
        file.write(flame_svg(f"Portico ({transport}), {scenario.title}", stacks))
    print_totals(stacks)
    print(f"\n{flags.output}")
    return 0


KINDS = (("kernel", r"_\[k\]$"), ("allocator", r"^(_?mi_|new|delete|malloc|calloc|free|aligned_alloc|operator)"),
         ("Portico, {}", r"^portico::(\w+)::"), ("Portico", "^portico::"), ("Asio and Beast", "^boost::"),
         ("nghttp2", "^nghttp2"), ("gRPC", "^grpc"), ("abseil", "^absl"), ("standard library", "^std::"),
         ("C library", "^_|^mem|^str"))


def kind(name):
    for title, pattern in KINDS:
        found = re.search(pattern, name)
        if found:
            return title.format(*found.groups())
    return "other"


def print_totals(stacks):
    """The functions with the most time of their own, and those with the most time in all they call."""
    total, own, inclusive, kinds = sum(stacks.values()), Counter(), Counter(), Counter()
    for stack, count in stacks.items():
        own[stack[-1]] += count
        kinds[kind(stack[-1])] += count
        for name in set(stack):
            inclusive[name] += count
    for title, counter, least in (("own time", kinds, 0.005), ("own time", own, 0.005), ("with what it calls", inclusive, 0.02)):
        print(f"\n| {title} | function |\n| --- | --- |")
        for name, count in counter.most_common(45):
            if count / total >= least:
                print(f"| {count / total:.1%} | {name} |")


if __name__ == "__main__":
    sys.exit(main())
