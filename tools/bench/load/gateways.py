"""What is measured, and how each is started in front of the same backend."""

import http.client
import json
import os
import re
import subprocess
import time

from process import Process, free_port, wait_until

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
BUILD = f"{ROOT}/build/release/bin"
PEERS = f"{ROOT}/build/bench/peers"
SERVICES = ("catalog", "pricing", "reviews", "inventory", "sellers", "recommendations")
FULL_NAMES = {
    "catalog": "shop.catalog.v1.CatalogService", "pricing": "shop.pricing.v1.PricingService",
    "reviews": "shop.reviews.v1.ReviewService", "inventory": "shop.inventory.v1.InventoryService",
    "sellers": "shop.sellers.v1.SellerService", "orders": "shop.orders.v1.OrderService",
    "recommendations": "shop.recommendations.v1.RecommendationService",
}


class Backend:
    """The services, with fixed replies: a port of one process for each."""

    def __init__(self, folder, delay=None):
        log = f"{folder}/backend{delay or ''}.log"
        command = [f"{BUILD}/bench-backend", "--ports", str(len(SERVICES))] + (["--delay", delay] if delay else [])
        self.process = Process(command, log)

        def ports():
            with open(log) as output:
                return re.fullmatch(r"[\d ]+\n", output.read())
        wait_until(ports, self.process, "the backend")
        self.ports = dict(zip(SERVICES, map(int, ports().group(0).split())))

    def stop(self):
        self.process.stop()


class Gateway:
    """One gateway in front of a backend. start() until stop(); `port` is where it listens."""

    protocol = "http/1.1"
    composes = True
    token = None  # what every request carries in Authorization

    def __init__(self, name, title):
        self.name = name
        self.title = title
        self.process = None
        self.port = None

    def command(self, backend, folder):
        raise NotImplementedError

    def start(self, backend, folder):
        self.launch(backend, folder)
        wait_until(self.answers, self.process, self.title)

    def launch(self, backend, folder):
        self.port = free_port()
        self.process = Process(self.command(backend, folder), f"{folder}/{self.name}-{self.port}.log", cwd=folder)

    def answers(self):
        try:
            return self.get("/v1/products/pojos-in-action")[0] == 200
        except OSError:
            return False

    def get(self, path, body=None):
        """Status and body of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            headers = {"Content-Type": "application/json"} if body else {}
            if self.token:
                headers["Authorization"] = f"Bearer {self.token}"
            connection.request("POST" if body else "GET", path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except http.client.HTTPException as problem:
            raise OSError(str(problem)) from problem
        finally:
            connection.close()

    def stop(self):
        if self.process:
            self.process.stop()
            os.remove(self.process.log)
            self.process = None


class Portico(Gateway):
    """Portico with its defaults; its access log goes to a file."""

    def __init__(self, transport, contracts="bench", program=None):
        """`program`: another build, to be compared with this one."""
        label = "HTTP/2" if transport == "http2" else "gRPC library"
        super().__init__(f"portico-{transport}" + ("-other" if program else ""),
                         f"Portico ({label}{', other build' if program else ''})")
        self.transport = transport
        self.contracts = contracts
        self.program = program

    def settings(self, backend, folder):
        """What its configuration says, as JSON has it."""
        services = SERVICES if self.contracts == "bench" else tuple(FULL_NAMES)
        protos = [f"{ROOT}/proto"] + ([f"{ROOT}/tools/bench/contracts"] if self.contracts == "bench" else [])
        expose = ["shop.catalog.*", "shop.reviews.*", "bench.*"] if self.contracts == "bench" else ["shop.*"]
        return {
            "contracts": [{"protos": path} for path in protos],
            "clusters": {name: {"target": f"127.0.0.1:{backend.ports.get(name, 1)}", "services": [FULL_NAMES[name]],
                                "transport": self.transport} for name in services},
            "frontends": [{"name": "bench", "listen": f"127.0.0.1:{self.port}", "expose": expose}],
        }

    def config(self, backend, folder):
        path = f"{folder}/{self.name}.yaml"
        with open(path, "w") as file:
            json.dump(self.settings(backend, folder), file)  # JSON is YAML
        return path

    def command(self, backend, folder):
        return [self.program or f"{BUILD}/portico", "serve", self.config(backend, folder)]

    def supported(self, backend, folder):
        """Whether this build of Portico knows the transport."""
        self.port = free_port()
        return subprocess.run([self.program or f"{BUILD}/portico", "check", self.config(backend, folder)], check=False,
                              capture_output=True).returncode == 0


class GoPeer(Gateway):
    """The two gateways written in Go take the same flags."""

    def __init__(self, name, title, composes):
        super().__init__(name, title)
        self.composes = composes

    def command(self, backend, folder):
        flags = [f"--{service}=127.0.0.1:{port}" for service, port in backend.ports.items()]
        return [f"{PEERS}/bin/{self.name}", f"--listen=127.0.0.1:{self.port}", *flags]


class NodePeer(Gateway):
    def __init__(self):
        super().__init__("node", "Node, fastify + grpc-js")

    def command(self, backend, folder):
        flags = [f"--{service}=127.0.0.1:{port}" for service, port in backend.ports.items()]
        return ["node", f"{PEERS}/node/server.js", f"--listen=127.0.0.1:{self.port}", f"--protos={ROOT}/proto", *flags]


class Nginx(Gateway):
    """grpc_pass: HTTP/2 in, HTTP/2 out, no JSON. Keeps its connections to the services, and no log."""

    protocol = "grpc"
    composes = False

    def __init__(self):
        super().__init__("nginx", "nginx grpc_pass, no JSON")

    def command(self, backend, folder):
        upstreams = "".join(f"upstream {name} {{ server 127.0.0.1:{port}; keepalive 128; keepalive_requests 1000000000; }}\n"
                            for name, port in backend.ports.items())
        locations = "".join(f"location /{FULL_NAMES[name]}/ {{ grpc_pass grpc://{name}; }}\n" for name in backend.ports)
        config = f"""daemon off; worker_processes auto; worker_rlimit_nofile 16384; pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 8192; }}
http {{
access_log off; keepalive_requests 1000000000;
client_body_temp_path {folder}/nginx-body; proxy_temp_path {folder}/nginx-proxy;
fastcgi_temp_path {folder}/nginx-fastcgi; uwsgi_temp_path {folder}/nginx-uwsgi; scgi_temp_path {folder}/nginx-scgi;
{upstreams}server {{
listen 127.0.0.1:{self.port} http2 reuseport;
{locations}}}
}}
"""
        path = f"{folder}/nginx.conf"
        with open(path, "w") as file:
            file.write(config)
        return ["/usr/sbin/nginx", "-e", "stderr", "-p", folder, "-c", path]

    def answers(self):
        return call(self.port, "/shop.catalog.v1.CatalogService/GetProduct", grpc_request("a")) is not None


def grpc_request(key, *fields):
    """A framed request: field 1 a text of fewer than 128 bytes, then fields as they are on the wire."""
    message = b"\x0a" + bytes([len(key)]) + key.encode() + b"".join(fields)
    return b"\0" + len(message).to_bytes(4, "big") + message


def call(port, path, request):
    """The framed reply to one gRPC call over cleartext HTTP/2; None when it did not succeed."""
    done = subprocess.run(
        ["curl", "--noproxy", "*", "--silent", "--max-time", "5", "--http2-prior-knowledge", "--data-binary", "@-",
         "-H", "content-type: application/grpc", "-H", "te: trailers", "--fail", f"http://127.0.0.1:{port}{path}"],
        input=request, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 and done.stdout else None


def all_gateways(backend, folder, wanted=None, other_build=None):
    """Those that can run here, Portico's variants first; `wanted` names some of them."""
    other = [Portico("http2", program=other_build), Portico("grpc", program=other_build)] if other_build else []
    gateways = [Portico("http2"), Portico("grpc"), *other, GoPeer("grpc-gateway", "grpc-gateway (Go), generated", False),
                GoPeer("fanout", "Go, hand-written fan-out", True), NodePeer(), Nginx()]
    return [gateway for gateway in gateways if (not wanted or gateway.name in wanted) and
            (not isinstance(gateway, Portico) or gateway.supported(backend, folder))]


def start_to_first_answer(gateway, backend, folder):
    """Seconds from starting the process to the end of its first answer with status 200."""
    begin = time.monotonic()
    gateway.launch(backend, folder)
    wait_until(gateway.answers, gateway.process, gateway.title)
    return time.monotonic() - begin
