"""The measurements. Each answers plain data: lists of what every round gave, for report.py to sum up."""

import json
import os
import resource
import select
import socket
import subprocess
import sys
import time

from gateways import Backend, GoPeer, NodePeer, Portico, call, start_to_first_answer
from load import h2load, wrk
from scenarios import CHAIN, GET, PAGE, SCENARIOS


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def allow_many_files():
    """As many open files as may be, for this process and those it starts."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Guard:
    """Lets one gateway fail without taking the others' results along; says so, and keeps it in `failures`."""

    def __init__(self):
        self.failures = []

    def attempt(self, what, action):
        try:
            return action()
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as problem:
            say(f"FAILED {what}: {problem}")
            self.failures.append(f"{what}: {problem}")
            return None


def serves(gateway, scenario):
    return bool(scenario.rpc) or gateway.composes


def check_answers(gateways, backend, scenarios=SCENARIOS):
    """Raises RuntimeError unless every gateway's answer has the same values as the first one's. Numbers and texts are
    compared as JSON has them; nginx's replies must be the backend's own bytes."""
    for scenario in scenarios:
        expected = None
        for gateway in gateways:
            if not serves(gateway, scenario):
                continue
            if gateway.protocol == "grpc":
                direct = call(backend.ports[scenario.service], scenario.rpc, scenario.request)
                if direct is None or call(gateway.port, scenario.rpc, scenario.request) != direct:
                    raise RuntimeError(f"{gateway.title} changes the reply of {scenario.rpc}")
                continue
            status, body = gateway.get(scenario.path, scenario.body or None)
            if status != 200:
                raise RuntimeError(f"{gateway.title} answers {scenario.path} with {status}: {body[:200]!r}")
            value = json.loads(body)
            if expected is None:
                expected = value
            elif value != expected:
                raise RuntimeError(f"{gateway.title} answers {scenario.path} otherwise: {difference(expected, value)}")


def difference(expected, found, where="$"):
    """Where two JSON values begin to differ, and how."""
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        pairs = [(f"{where}.{key}", expected[key], found[key]) for key in expected]
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = [(f"{where}[{i}]", *pair) for i, pair in enumerate(zip(expected, found))]
    else:
        return f"{where} is {str(found)[:200]!r}, not {str(expected)[:200]!r}"
    return next(difference(one, other, place) for place, one, other in pairs if one != other)


def drive(gateway, backend, scenario, folder, connections, seconds):
    """One round: load, and what it cost the gateway and the backend."""
    before, backend_before = gateway.process.cpu_seconds(), backend.process.cpu_seconds()
    if gateway.protocol == "grpc":
        result = h2load(gateway.port, scenario.rpc, scenario.request, folder, connections, seconds)
    else:
        result = wrk(gateway.port, scenario.path, scenario.body or None, connections, seconds=seconds,
                     token=gateway.token)
    cpu, backend_cpu = gateway.process.cpu_seconds() - before, backend.process.cpu_seconds() - backend_before
    gateway.process.forget_log()
    if result["requests"] == 0:
        raise RuntimeError(f"no request succeeded: {result}")
    result["cpu_us"] = cpu / result["requests"] * 1e6
    result["backend_cpu_us"] = backend_cpu / result["requests"] * 1e6
    result["per_second"] = result["requests"] / result["seconds"]
    return result


def throughput(gateways, backend, folder, guard, rounds, seconds, scenarios=SCENARIOS):
    """64 connections, in interleaved rounds: {scenario: {gateway: [round]}}."""
    results = {}
    for scenario in scenarios:
        say(f"{scenario.title}: {rounds} rounds")
        taking_part = [gateway for gateway in gateways if serves(gateway, scenario)]
        for gateway in taking_part:  # until JIT, pools and connections are warm
            guard.attempt(f"{gateway.title}, warm-up", lambda: drive(gateway, backend, scenario, folder, 64, 1))
        for _ in range(rounds):
            for gateway in taking_part:
                result = guard.attempt(f"{gateway.title}, {scenario.title}",
                                       lambda: drive(gateway, backend, scenario, folder, 64, seconds))
                if result:
                    results.setdefault(scenario.name, {}).setdefault(gateway.name, []).append(result)
    return results


def added_latency(gateways, backend, folder, guard, rounds, seconds):
    """One connection, one request at a time, beside the same call made directly: {gateway or "direct": [round]}."""
    say("latency at concurrency 1")
    results = {}
    for _ in range(rounds):
        direct = h2load(backend.ports[GET.service], GET.rpc, GET.request, folder, 1, seconds)
        results.setdefault("direct", []).append(direct)
        for gateway in gateways:
            result = guard.attempt(f"{gateway.title}, latency", lambda: drive(gateway, backend, GET, folder, 1, seconds))
            if result:
                results.setdefault(gateway.name, []).append(result)
    return results


def like(gateway):
    """Another instance of the same gateway."""
    if isinstance(gateway, Portico):
        return Portico(gateway.transport, program=gateway.program)
    if isinstance(gateway, GoPeer):
        return GoPeer(gateway.name, gateway.title, gateway.composes)
    return NodePeer()


def with_fresh(gateway, backend, folder, measure):
    """measure(instance) with a new instance of a gateway, stopped afterwards."""
    instance = like(gateway)
    try:
        instance.start(backend, folder)
        return measure(instance)
    finally:
        instance.stop()


def slow_services(gateways, folder, guard, seconds):
    """Every service at 20 ms: {gateway: {"page/1": round, ...}} for chains of one and two at concurrency 1 and 16."""
    say("services at 20 ms")
    backend = Backend(folder, "20ms")
    results = {}

    def measure(instance):
        check_answers([instance], backend, (PAGE, CHAIN))
        return {f"{page.name}/{connections}": drive(instance, backend, page, folder, connections, seconds)
                for page in (PAGE, CHAIN) for connections in (1, 16)}
    try:
        for gateway in gateways:
            if gateway.composes:
                result = guard.attempt(f"{gateway.title}, 20 ms",
                                       lambda: with_fresh(gateway, backend, folder, measure))
                if result:
                    results[gateway.name] = result
    finally:
        backend.stop()
    return results


def many_in_flight(gateways, folder, guard, count, seconds):
    """`count` requests in flight to a service that takes 500 ms: {gateway: round with "threads"}."""
    say(f"{count} requests in flight at 500 ms")
    backend = Backend(folder, "500ms")
    results = {}

    def measure(instance):
        before = instance.process.threads()
        result = drive(instance, backend, GET, folder, count, seconds)
        return {**result, "threads_before": before, "threads_after": instance.process.threads(),
                **instance.process.memory()}
    try:
        for gateway in gateways:
            if gateway.protocol == "http/1.1":
                result = guard.attempt(f"{gateway.title}, {count} in flight",
                                       lambda: with_fresh(gateway, backend, folder, measure))
                if result:
                    results[gateway.name] = result
    finally:
        backend.stop()
    return results


def idle_connections(gateways, backend, folder, guard, count):
    """`count` kept connections, each of which had one answer: {gateway: kB before and after}."""
    say(f"{count} idle connections")
    results = {}
    request = f"GET {GET.path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    def measure(instance):
        # What a process has anyway once it has worked is no connection's cost.
        wrk(instance.port, GET.path, seconds=1)
        settle(instance)
        before = instance.process.memory()
        connections = []
        try:
            for _ in range(count):
                connection = socket.create_connection(("127.0.0.1", instance.port), timeout=10)
                connections.append(connection)
                connection.sendall(request)
                answer = b""
                while not complete(answer):
                    piece = connection.recv(65536)
                    if not piece:
                        raise RuntimeError("closed a connection before its answer")
                    answer += piece
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise RuntimeError(f"answered {answer[:100]!r}")
            settle(instance)
            after = instance.process.memory()
            poll = select.poll()
            for connection in connections:
                poll.register(connection, select.POLLIN)
            closed = len(poll.poll(0))  # none has anything to say but good-bye
        finally:
            for connection in connections:
                connection.close()
        return {"connections": count, "closed": closed, "before": before, "after": after,
                "rss_kb_each": (after["rss_kb"] - before["rss_kb"]) / count,
                "pss_kb_each": (after["pss_kb"] - before["pss_kb"]) / count}
    for gateway in gateways:
        if gateway.protocol == "http/1.1":
            result = guard.attempt(f"{gateway.title}, idle connections",
                                   lambda: with_fresh(gateway, backend, folder, measure))
            if result:
                results[gateway.name] = result
    return results


def complete(answer):
    """Whether an HTTP/1.1 answer with a Content-Length is all there."""
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(body) >= int(value)
    raise RuntimeError(f"no Content-Length in {head!r}")


def settle(instance, seconds=3):
    """Waits until the resident memory stands still for half a second, or `seconds` are over."""
    deadline = time.monotonic() + seconds
    last = instance.process.memory()["rss_kb"]
    while time.monotonic() < deadline:
        time.sleep(0.5)
        now = instance.process.memory()["rss_kb"]
        if now == last:
            return
        last = now


def start_up(gateways, backend, folder, guard, rounds):
    """Seconds from the start of the process to its first answer: {gateway: [seconds]}. Portico reads the whole shop's
    contracts from their sources meanwhile; the peers were compiled with those they need."""
    say("start to first answer")
    results = {}
    for _ in range(rounds):
        for gateway in gateways:
            if gateway.protocol != "http/1.1":
                continue
            instance = Portico(gateway.transport, "shop", gateway.program) if isinstance(gateway, Portico) else like(gateway)

            def measure():
                try:
                    return start_to_first_answer(instance, backend, folder)
                finally:
                    instance.stop()
            seconds = guard.attempt(f"{gateway.title}, start", measure)
            if seconds:
                results.setdefault(gateway.name, []).append(seconds)
    return results


def at_rest(gateways):
    """Memory and threads after all the load: {gateway: ...}."""
    return {gateway.name: {**gateway.process.memory(), "threads": gateway.process.threads()}
            for gateway in gateways if gateway.process.alive()}
