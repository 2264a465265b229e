"""The load generators: wrk for HTTP/1.1, h2load for gRPC."""

import json
import os
import subprocess

WRK_SCRIPT = os.path.join(os.path.dirname(__file__), "wrk.lua")


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def wrk(port, path, body=None, connections=64, threads=2, seconds=3, token=None):
    """Requests, errors, seconds, and the latencies in microseconds, of a closed loop over kept connections."""
    environment = {**os.environ, **({"BENCH_BODY": body} if body else {}),
                   **({"BENCH_TOKEN": token} if token else {})}
    done = subprocess.run(
        ["wrk", f"-t{min(threads, connections)}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s",
         WRK_SCRIPT, f"http://127.0.0.1:{port}{path}"],
        env=environment, capture_output=True, text=True, check=True, timeout=seconds + 60)
    for line in done.stdout.splitlines():
        if line.startswith("bench: "):
            return json.loads(line[len("bench: "):])
    raise RuntimeError(f"wrk said nothing: {done.stdout}{done.stderr}")


def h2load(port, path, request, folder, connections=64, seconds=3):
    """The same for gRPC calls over cleartext HTTP/2, one at a time on each connection."""
    body, log = f"{folder}/h2load.request", f"{folder}/h2load.log"
    with open(body, "wb") as file:
        file.write(request)
    if os.path.exists(log):
        os.remove(log)
    subprocess.run(
        ["h2load", f"-c{connections}", "-m1", f"-t{min(2, connections)}", f"-D{seconds}", "-d", body, "-H",
         "content-type: application/grpc", "-H", "te: trailers", f"--log-file={log}", f"http://127.0.0.1:{port}{path}"],
        stdout=subprocess.DEVNULL, check=True, timeout=seconds + 60)
    latencies, errors = [], 0
    with open(log) as file:
        for line in file:
            _, status, microseconds = line.split()
            if status == "200":
                latencies.append(int(microseconds))
            else:
                errors += 1
    os.remove(log)
    latencies.sort()
    return {"requests": len(latencies), "errors": errors, "seconds": float(seconds),
            "p50_us": percentile(latencies, 0.5), "p99_us": percentile(latencies, 0.99), "max_us": latencies[-1]}
