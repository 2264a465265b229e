"""Memory allocations and system calls per request of Portico, for one call and for a page of five.

usage: tools/bench/run counts [--transport http2|grpc] [--stacks] [--seconds N]

With --stacks the places that allocate are listed, with their callers. System calls are counted by perf where the kernel
lets it, else by strace, which slows everything down. Under load many requests share a read or a write, so they are
counted with 64 connections and with one.
"""

import argparse
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter

import measure
from gateways import BUILD, Backend, Portico
from load import wrk
from process import Process, free_port
from scenarios import GET, PAGE
from symbols import Symbols

HEAD = struct.Struct("<4Q")
STACK = struct.Struct("<2Q30Q")
EVERY = 7  # a prime, lest it keeps step with what a request does


class CountedPortico(Portico):
    """Portico with the counting library in it."""

    def __init__(self, transport, stacks):
        super().__init__(transport)
        self.stacks = stacks

    def launch(self, backend, folder):
        self.port = free_port()
        self.counts = f"{folder}/allocations-{self.port}"
        self.process = Process(self.command(backend, folder), f"{folder}/counted-{self.port}.log", environment={
            "LD_PRELOAD": f"{BUILD}/libbench-allocations.so", "BENCH_ALLOCATIONS": self.counts,
            "BENCH_STACKS": str(EVERY if self.stacks else 0)})

    def allocated(self):
        """Calls, bytes, frees."""
        with open(self.counts, "rb") as file:
            return HEAD.unpack(file.read(HEAD.size))[:3]

    def allocating(self):
        """{stack, from the inside: how often it was seen}."""
        with open(self.counts, "rb") as file:
            data = file.read()
        seen = {}
        for at in range(HEAD.size, len(data), STACK.size):
            _, count, *frames = STACK.unpack_from(data, at)
            if count:
                seen[tuple(frame for frame in frames if frame)] = count
        return seen


CALLS = ("read", "write", "readv", "writev", "recvfrom", "sendto", "recvmsg", "sendmsg", "accept4", "close", "epoll_wait",
         "epoll_pwait", "epoll_ctl", "futex", "timerfd_settime", "clock_gettime", "newfstatat", "getdents64", "openat",
         "madvise", "sched_yield")


def by_perf(pid, run, output):
    """Counted inside the kernel, which loses none and costs little."""
    events = ["raw_syscalls:sys_enter"] + [f"syscalls:sys_enter_{call}" for call in CALLS]
    tracer = subprocess.Popen(["perf", "stat", "-x", ";", "-o", output, "-e", ",".join(events), "-p", str(pid)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    result = watched(tracer, run)
    calls = Counter()
    with open(output) as file:
        for line in file:
            cells = line.split(";")
            if len(cells) > 2 and cells[0].isdigit():
                calls[cells[2].split("sys_enter_")[-1]] = int(cells[0])
    calls["others"] = calls.pop("raw_syscalls:sys_enter", 0) - sum(calls.values())
    return result, calls


def by_strace(pid, run, output):
    """Stops the process at each call, so that less is gathered under load than without it."""
    tracer = subprocess.Popen(["strace", "-c", "-f", "-qq", "-p", str(pid), "-o", output],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    result = watched(tracer, run)
    calls = Counter()
    with open(output) as file:
        for line in file:
            found = re.match(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", line)
            if found and found.group(2) != "total":
                calls[found.group(2)] += int(found.group(1))
    return result, calls


def watched(tracer, run):
    """run()'s result, with a tracer attached meanwhile; None when that could not attach."""
    time.sleep(0.5)  # it has no way to say that it has attached to all threads
    result = run() if tracer.poll() is None else None
    if tracer.poll() is None:
        tracer.send_signal(signal.SIGINT)
    try:
        tracer.wait(30)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait()
    return result


def system_calls(pid, run, folder):
    """run()'s result, {system call: how often the process made it meanwhile}, and the tool that counted."""
    for tool, count in (("perf", by_perf), ("strace", by_strace)):
        if shutil.which(tool):
            output = f"{folder}/{tool}.out"
            open(output, "w").close()
            result, calls = count(pid, run, output)
            if result and sum(calls.values()):
                return result, calls, tool
    raise RuntimeError("neither perf nor strace may watch the process")


def describe(stack, names):
    """The innermost function of Portico's own with its line, what it called that allocated, and two of its callers."""
    frames = [frame for address in stack for frame in names.get(address, [])]
    ours = next((i for i, (name, _) in enumerate(frames) if name.startswith("portico::")), None)
    if ours is None:
        return " < ".join(name for name, _ in frames[:4])
    shown = []
    for name, _ in frames[ours + 1:]:
        if name.startswith("portico::") and name not in (frames[ours][0], *shown):
            shown.append(name)
    name, place = frames[ours]
    called = f": {frames[ours - 1][0]}" if ours else ""
    return " < ".join(one.removeprefix("portico::") for one in [f"{name} ({place}{called})", *shown[:2]])


def report_stacks(gateway, before, requests):
    seen = {stack: count - before.get(stack, 0) for stack, count in gateway.allocating().items()
            if count > before.get(stack, 0)}
    names = Symbols(gateway.process.pid).names(
        # A return address is behind its call.
        [frame - 1 for stack in seen for frame in stack])
    by_place = Counter()
    for stack, count in seen.items():
        by_place[describe([frame - 1 for frame in stack], names)] += count
    print("\n| allocations per request | where |\n| --- | --- |")
    for place, count in by_place.most_common(40):
        if count * EVERY / requests >= 0.02:
            print(f"| {count * EVERY / requests:.2f} | {place} |")


def measure_one(flags, folder, backend, scenario):
    gateway = CountedPortico(flags.transport, flags.stacks)
    try:
        gateway.start(backend, folder)
        wrk(gateway.port, scenario.path, seconds=1)
        before, stacks_before = gateway.allocated(), gateway.allocating() if flags.stacks else {}
        result = wrk(gateway.port, scenario.path, seconds=flags.seconds)
        after = gateway.allocated()
        requests = result["requests"]
        calls, size, frees = ((now - then) / requests for now, then in zip(after, before))
        print(f"\n{scenario.title}: {calls:.1f} allocations of {size:,.0f} bytes together, per request")
        if flags.stacks:
            report_stacks(gateway, stacks_before, requests)
    finally:
        gateway.stop()
    gateway = Portico(flags.transport)
    try:
        gateway.start(backend, folder)
        for connections in (64, 1):
            wrk(gateway.port, scenario.path, connections=connections, seconds=1)
            result, calls, tool = system_calls(
                gateway.process.pid, lambda: wrk(gateway.port, scenario.path, connections=connections, seconds=flags.seconds),
                folder)
            each = ", ".join(f"{name} {count / result['requests']:.2f}" for name, count in calls.most_common(8)
                             if count / result["requests"] >= 0.005)
            print(f"{scenario.title}, {connections} connections: {sum(calls.values()) / result['requests']:.2f} system calls "
                  f"per request ({tool}): {each}")
    finally:
        gateway.stop()


def main():
    parser = argparse.ArgumentParser(prog="tools/bench/run counts", description=__doc__, usage=argparse.SUPPRESS,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transport", choices=("http2", "grpc"))
    parser.add_argument("--stacks", action="store_true")
    parser.add_argument("--seconds", type=int, default=2)
    flags = parser.parse_args()
    measure.allow_many_files()
    folder = tempfile.mkdtemp(prefix="portico-bench-")
    backend = Backend(folder)
    try:
        if not flags.transport:
            flags.transport = "http2" if Portico("http2").supported(backend, folder) else "grpc"
        print(f"Portico, transport {flags.transport}")
        for scenario in (GET, PAGE):
            measure_one(flags, folder, backend, scenario)
    finally:
        backend.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
