"""CPU time that guards add to a request: token verification, rate limit and breaker, beside a gateway without them.

usage: tools/bench/run guards [--rounds N] [--seconds N] [--each]

A unary GET over 64 connections, in interleaved rounds, with the same token in every request of both: what is compared is
what is done with it. After the first request the token is one that has been verified before. With --each every guard is
also measured by itself.
Prints a Markdown table: microseconds per request, median and minimum, and the difference to the gateway without guards,
in the median of the rounds and between the minima. Exit 1 when an answer was wrong or refused, or when guards add more
than ALLOWED in the median of the rounds.
"""

import argparse
import base64
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import measure
import report
from gateways import Backend, Portico
from main import machine
from scenarios import GET

ALLOWED = 2  # microseconds

ISSUER = "https://issuer.example"
AUDIENCE = "bench"

GUARDS = {"token": "token verification", "rate": "rate limit", "breaker": "breaker"}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*arguments, stdin=b""):
    return subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True).stdout


def issue(folder):
    """A token that is good for an hour; the key set that verifies it goes to folder/jwks.json."""
    private = f"{folder}/issuer.pem"
    openssl("genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", private)
    modulus = bytes.fromhex(openssl("rsa", "-in", private, "-noout", "-modulus").decode().strip().split("=")[1])
    with open(f"{folder}/jwks.json", "w") as file:
        json.dump({"keys": [{"kty": "RSA", "kid": "bench", "alg": "RS256", "use": "sig", "n": base64url(modulus),
                             "e": base64url((65537).to_bytes(3, "big"))}]}, file)
    now = int(time.time())
    parts = ({"alg": "RS256", "typ": "JWT", "kid": "bench"},
             {"iss": ISSUER, "aud": AUDIENCE, "sub": "cust-000001", "scope": "catalog.read orders.read", "iat": now,
              "exp": now + 3600})
    signed = ".".join(base64url(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{base64url(openssl('dgst', '-sha256', '-sign', private, stdin=signed.encode()))}"


class GuardedPortico(Portico):
    """Portico with some of GUARDS on. No request of the measurement is over the limit or opens the breaker."""

    def __init__(self, guards, token):
        super().__init__("http2")
        self.guards = guards
        self.name = "-".join(["guards", *guards])
        self.title = ", ".join(GUARDS[guard] for guard in guards) or "none"
        self.token = token

    def settings(self, backend, folder):
        config = super().settings(backend, folder)
        frontend = config["frontends"][0]
        if "token" in self.guards:
            frontend["auth"] = {"default": "required", "jwt": {"keys": "jwks.json", "issuer": ISSUER, "audience": AUDIENCE}}
        if "rate" in self.guards:
            frontend["rate_limit"] = {"by": "subject" if "token" in self.guards else "address", "rate": 1000000,
                                      "burst": 1000000}
        if "breaker" in self.guards:
            for cluster in config["clusters"].values():
                cluster["breaker"] = {"window": "10s", "min_calls": 20, "failure_ratio": 0.5, "slow_call": "1s"}
        return config


def check_refusal(gateway):
    """Raises unless a gateway that verifies tokens refuses a request with another one: else nothing would be measured."""
    good, gateway.token = gateway.token, gateway.token[:-8] + "AAAAAAAA"
    try:
        status, _ = gateway.get(GET.path)
    finally:
        gateway.token = good
    expected = 401 if "token" in gateway.guards else 200
    if status != expected:
        raise RuntimeError(f"{gateway.title}: a forged token is answered with {status}")


def rounds_of(gateways, backend, folder, rounds, seconds):
    """{gateway: [round]}; every other round goes through the gateways backwards."""
    results = {gateway.name: [] for gateway in gateways}
    for gateway in gateways:
        measure.drive(gateway, backend, GET, folder, 64, 1)
    for number in range(rounds):
        for gateway in gateways[::-1] if number % 2 else gateways:
            result = measure.drive(gateway, backend, GET, folder, 64, seconds)
            if result["errors"]:
                raise RuntimeError(f"{gateway.title}: {result['errors']} of {result['requests']} requests failed")
            results[gateway.name].append(result)
    return results


def differences(rounds, plain):
    """What is added, in microseconds: the median of the rounds' differences, and the difference of the minima."""
    costs, plain_costs = ([one["cpu_us"] for one in each] for each in (rounds, plain))
    return (statistics.median(cost - other for cost, other in zip(costs, plain_costs)), min(costs) - min(plain_costs))


def main():
    parser = argparse.ArgumentParser(prog="tools/bench/run guards", description=__doc__, usage=argparse.SUPPRESS,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--each", action="store_true")
    flags = parser.parse_args()
    measure.allow_many_files()
    folder = tempfile.mkdtemp(prefix="portico-bench-")
    backend = None
    gateways = []
    try:
        token = issue(folder)
        backend = Backend(folder)
        for guards in ((), tuple(GUARDS), *([(guard,) for guard in GUARDS] if flags.each else ())):
            gateways.append(GuardedPortico(guards, token))
            gateways[-1].start(backend, folder)
            check_refusal(gateways[-1])
        measure.check_answers(gateways, backend, (GET,))
        results = rounds_of(gateways, backend, folder, flags.rounds, flags.seconds)
    except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as problem:
        measure.say(f"FAILED {problem}")
        return 1
    finally:
        for gateway in gateways:
            gateway.stop()
        if backend:
            backend.stop()
        shutil.rmtree(folder, ignore_errors=True)
    about = machine()
    print(f"{about['processors']} processors, {about['processor']}, {about['system']}, load {os.getloadavg()[0]:.1f}; "
          f"{flags.rounds} rounds of {flags.seconds} s; {ALLOWED} µs more are allowed\n")
    print("| guards | CPU µs per request | more, in the median of the rounds | more, between the minima |\n|---|---|---|---|")
    plain = results[gateways[0].name]
    too_much = []
    for gateway in gateways:
        rounds = results[gateway.name]
        more = differences(rounds, plain)
        cells = ["", ""] if rounds is plain else [f"{one:+.2f}" for one in more]
        print(f"| {gateway.title} | {report.middle_and_least(rounds, 'cpu_us')} | {' | '.join(cells)} |")
        if rounds is not plain and more[0] > ALLOWED:
            too_much.append(f"{gateway.title}: {more[0]:+.2f} µs, {ALLOWED} are allowed")
    for excess in too_much:
        measure.say(f"FAILED {excess}")
    return 1 if too_much else 0


if __name__ == "__main__":
    sys.exit(main())
