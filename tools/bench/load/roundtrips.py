"""A page over a network with a round-trip time of 150 ms: by one composed request, and by separate requests. Besides, the
phone's page by its one request to the mobile frontend.

usage: tools/bench/run roundtrips [--rtt MILLISECONDS] [--rounds N]

Between client and gateway stands a proxy that makes every connection, and every byte in both directions, as late as
such a network would. Each round is a new visitor, without connections. Prints a Markdown table of medians. Exit 1 when
an answer was not 200 and whole, the composed page took a fifth longer than the fastest way of separate requests, or the
phone's page was more than 2 kB.
"""

import argparse
import asyncio
import http.client
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from gateways import FULL_NAMES, SERVICES, Backend, Portico
from process import free_port

BOOK = "pojos-in-action"
COMPOSED = [f"/bench/pages/{BOOK}"]
# The same five parts, by the services' own paths.
SEPARATE = [f"/v1/products/{BOOK}{part}" for part in ("", "/price", "/reviews?page_size=10", "/stock", "/sellers:rank")]
# A product whose list has as many reviews as the phone's page shows.
PHONE = ["/mobile/v1/products/three-reviews"]
MOST_PHONE_BYTES = 2048


class TwoFrontends(Portico):
    """Portico with the services' own paths beside the page, and with a frontend for the phone at `mobile_port`."""

    def config(self, backend, folder):
        path = super().config(backend, folder)
        with open(path) as file:
            config = json.load(file)
        config["frontends"][0]["expose"] = ["bench.*", *(FULL_NAMES[name] for name in SERVICES)]
        self.mobile_port = free_port()
        config["frontends"].append({"name": "mobile", "listen": f"127.0.0.1:{self.mobile_port}",
                                    "expose": ["shop.mobile.v1.MobileStore"]})
        with open(path, "w") as file:
            json.dump(config, file)
        return path


class DistantProxy:
    """Listens on `port` and hands on to another port of this machine, each way half a round trip later."""

    BUFFER = 65536

    def __init__(self, target, rtt):
        self.target, self.half, self.port = target, rtt / 2, None
        self._loop = asyncio.new_event_loop()
        started = threading.Event()

        def run():
            asyncio.set_event_loop(self._loop)
            server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
            self.port = server.sockets[0].getsockname()[1]
            started.set()
            self._loop.run_forever()
        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        if not started.wait(10):
            raise RuntimeError("the proxy did not start")

    def stop(self):
        async def end():
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.wait(others | {asyncio.ensure_future(asyncio.sleep(0))}, timeout=5)
            self._loop.stop()
        asyncio.run_coroutine_threadsafe(end(), self._loop)
        self._thread.join(10)

    async def _serve(self, reader, writer):
        # What the handshake would take: nothing can be sent before it is done.
        await asyncio.sleep(2 * self.half)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer), return_exceptions=True)
        except asyncio.CancelledError:
            pass  # stop(); asyncio's server would report a cancelled connection as a fault

    async def _carry(self, reader, writer):
        """Every piece as late as the way is long, however many are on it; at most 64 of them."""
        on_the_way = asyncio.Queue(64)

        async def deliver():
            while True:
                due, piece = await on_the_way.get()
                await asyncio.sleep(max(0, due - self._loop.time()))
                if not piece:
                    writer.close()
                    return
                writer.write(piece)
                await writer.drain()
        delivery = asyncio.ensure_future(deliver())
        while True:
            try:
                piece = await reader.read(self.BUFFER)
            except OSError:
                piece = b""
            await on_the_way.put((self._loop.time() + self.half, piece))
            if not piece:
                break
        await delivery


def fetch(port, paths):
    """The bodies' sizes of requests one after the other on one new connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        sizes = []
        for path in paths:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            if response.status != 200 or response.getheader("Portico-Omitted"):
                raise RuntimeError(f"GET {path}: {response.status} {body[:200]!r}")
            sizes.append(len(body))
        return sizes
    finally:
        connection.close()


def side_by_side(port, paths):
    """The same on a connection each, at once, as browsers do up to six times."""
    with ThreadPoolExecutor(6) as pool:
        return [size for sizes in pool.map(lambda path: fetch(port, [path]), paths) for size in sizes]


def main():
    parser = argparse.ArgumentParser(prog="tools/bench/run roundtrips", description=__doc__, usage=argparse.SUPPRESS,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rtt", type=float, default=150)
    parser.add_argument("--rounds", type=int, default=5)
    flags = parser.parse_args()
    ways = {
        "one composed request": lambda port: fetch(port, COMPOSED),
        "five requests, a connection each, at once": lambda port: side_by_side(port, SEPARATE),
        "five requests, one connection": lambda port: fetch(port, SEPARATE),
        "the product first, then four at once": lambda port: fetch(port, SEPARATE[:1]) + side_by_side(port, SEPARATE[1:]),
    }
    phone = "the phone's page: one request to the mobile frontend"
    taken, sizes = {way: [] for way in (*ways, phone)}, {}
    folder = tempfile.mkdtemp(prefix="portico-bench-")
    backend = Backend(folder)
    gateway, proxies = TwoFrontends("http2"), []
    try:
        gateway.start(backend, folder)
        visits = []
        for port, asks in ((gateway.port, ways), (gateway.mobile_port, {phone: lambda port: fetch(port, PHONE)})):
            proxies.append(DistantProxy(port, flags.rtt / 1000))
            for way, ask in asks.items():
                ask(port)  # the gateway's own connections
                visits.append((way, ask, proxies[-1].port))
        for _ in range(flags.rounds):
            for way, ask, port in visits:
                begin = time.monotonic()
                sizes[way] = ask(port)
                taken[way].append(time.monotonic() - begin)
    except (OSError, RuntimeError) as problem:
        print(f"tools/bench/run roundtrips: {problem}", file=sys.stderr)
        return 1
    finally:
        for proxy in proxies:
            proxy.stop()
        gateway.stop()
        backend.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"Round trip {flags.rtt:.0f} ms, {flags.rounds} visitors, load {os.getloadavg()[0]:.1f} on "
          f"{len(os.sched_getaffinity(0))} processors\n")
    print("| the page by | milliseconds, median (minimum) | requests | bytes of JSON |\n|---|---|---|---|")
    for way, times in taken.items():
        print(f"| {way} | {statistics.median(times) * 1000:.0f} ({min(times) * 1000:.0f}) | {len(sizes[way])} | "
              f"{sum(sizes[way]):,} |")
    composed, *others = (min(taken[way]) for way in ways)
    # Five connections at once take as many round trips as one, if the machine has nothing else to do.
    if composed > min(others) * 1.2:
        print("tools/bench/run roundtrips: the composed page is the slower one", file=sys.stderr)
        return 1
    if sum(sizes[phone]) > MOST_PHONE_BYTES:
        print(f"tools/bench/run roundtrips: the phone's page is more than {MOST_PHONE_BYTES} bytes", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
