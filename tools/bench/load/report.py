"""Results as Markdown tables and SVG charts.

usage: tools/bench/run report [FILE]

Writes the tables of FILE (build/bench/load.json) between the marks in tools/bench/README.md, and the charts into
tools/bench/charts/.
"""

import json
import os
import sys
from statistics import median

from chart import bars
from scenarios import SCENARIOS

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.realpath(f"{HERE}/../../..")
BEGIN = "<!-- The following is written by tools/bench/run report. -->"
END = "<!-- End of what is written by tools/bench/run report. -->"


def values(rounds, key):
    return [one[key] for one in rounds]


def number(value):
    """Three digits that matter."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def middle_and_least(rounds, key, scale=1.0):
    found = [value * scale for value in values(rounds, key)]
    return f"{number(median(found))} ({number(min(found))})"


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def first_portico(results, wanted=None):
    for name in ("portico-http2", "portico-grpc"):
        if name in (wanted if wanted is not None else results["titles"]):
            return name
    return None


def throughput_table(results):
    titles, rows = results["titles"], []
    for scenario in SCENARIOS:
        for name, rounds in results["throughput"].get(scenario.name, {}).items():
            errors = sum(values(rounds, "errors"))
            rows.append([scenario.title, titles[name], middle_and_least(rounds, "cpu_us"),
                         number(median(values(rounds, "per_second"))), middle_and_least(rounds, "p50_us", 1e-3),
                         middle_and_least(rounds, "p99_us", 1e-3), number(median(values(rounds, "backend_cpu_us"))),
                         str(errors)])
    return table(["64 connections", "gateway", "CPU µs per request", "requests/s", "p50 ms", "p99 ms",
                  "backend's CPU µs", "errors"], rows)


def process_table(results):
    rows = []
    for name, title in results["titles"].items():
        cells = [title]
        latency = results.get("latency", {})
        if name in latency:
            direct = median(values(latency["direct"], "p50_us"))
            mine = median(values(latency[name], "p50_us"))
            cells += [f"{mine - direct:,.0f} ({direct:,.0f} direct)", number(median(values(latency[name], "cpu_us")))]
        else:
            cells += ["-", "-"]
        starts = results.get("start_up", {}).get(name)
        cells.append(f"{median(starts) * 1e3:.0f} ({min(starts) * 1e3:.0f})" if starts else "-")
        rest = results["at_rest"].get(name)
        cells.append(f"{rest['rss_kb'] / 1024:.0f} / {rest['pss_kb'] / 1024:.0f}" if rest else "-")
        cells.append(str(rest["threads"]) if rest else "-")
        idle = results.get("idle", {}).get(name)
        cells.append(f"{idle['rss_kb_each']:.1f}" if idle else "-")
        rows.append(cells)
    return table(["gateway", "added µs, one client (p50)", "CPU µs, one client", "start to first answer, ms",
                  "RSS / PSS after load, MB", "threads", "kB per idle connection"], rows)


def slow_table(results):
    rows = []
    for name, rounds in results.get("slow", {}).items():
        rows.append([results["titles"][name]] +
                    [f"{rounds[key]['p50_us'] / 1e3:.1f}" for key in ("page/1", "page/16", "chain/1", "chain/16")])
    return table(["every service at 20 ms: p50 ms", "page of 5 calls, 1 client", "16 clients", "2 calls in a chain, 1 client",
                  "16 clients"], rows)


def flight_table(results):
    rows = []
    for name, one in results.get("in_flight", {}).items():
        rows.append([results["titles"][name], f"{one['requests']:,}", str(one["errors"]), f"{one['p50_us'] / 1e3:.0f}",
                     f"{one['p99_us'] / 1e3:.0f}", f"{one['threads_before']} / {one['threads_after']}",
                     f"{one['rss_kb'] / 1024:.0f}"])
    return table(["2,000 in flight to 500 ms", "answered", "errors", "p50 ms", "p99 ms", "threads before / after",
                  "RSS MB"], rows)


def goals(results):
    """What part 4 of the plan must show, and whether this run does: rows of goal, found, met."""
    portico, rows = first_portico(results), []
    if portico is None:
        return rows
    shown = results["throughput"]

    def cpu(scenario, name):
        rounds = shown.get(scenario, {}).get(name)
        return median(values(rounds, "cpu_us")) if rounds else None

    def ratio(goal, scenario, peer, at_least):
        ours, theirs = cpu(scenario, portico), cpu(scenario, peer)
        if ours and theirs:
            rows.append([goal, f"{number(ours)} against {number(theirs)} µs: 1/{theirs / ours:.1f}",
                         theirs / ours >= at_least])
    ratio("unary GET: CPU at most 1/6 of grpc-gateway's (reach for 1/10)", "get", "grpc-gateway", 6)
    ratio("page of 5 calls: CPU at most 1/10 of the Go fan-out's (reach for 1/15)", "page", "fanout", 10)
    ratio("page of 5 calls: CPU at most 1/25 of Node's", "page", "node", 25)
    ratio("unary GET: CPU below nginx grpc_pass", "get", "nginx", 1)
    behind = []
    for scenario, by_gateway in shown.items():
        for name, rounds in by_gateway.items():
            if name.startswith("portico") or portico not in by_gateway:
                continue
            ours = by_gateway[portico]
            if median(values(ours, "per_second")) < median(values(rounds, "per_second")):
                behind.append(f"{scenario}: {name} has more requests/s")
            if median(values(ours, "p99_us")) > median(values(rounds, "p99_us")):
                behind.append(f"{scenario}: {name} has a lower p99")
    rows.append(["requests/s and p99 ahead of each", "; ".join(behind) or "everywhere", not behind])
    slow = results.get("slow", {}).get(portico)
    if slow:
        for page, limit in (("page", 22), ("chain", 42)):
            found = [slow[f"{page}/{clients}"]["p50_us"] / 1e3 for clients in (1, 16)]
            rows.append([f"services at 20 ms, chain of {limit // 20}: p50 at most {limit} ms with 1 and 16 clients",
                         " and ".join(f"{value:.1f} ms" for value in found), max(found) <= limit])
    idle = results.get("idle", {}).get(portico)
    if idle:
        rows.append([f"{idle['connections']:,} idle connections: at most 8 kB each", f"{idle['rss_kb_each']:.1f} kB, "
                     f"{idle['closed']} closed", idle["rss_kb_each"] <= 8 and idle["closed"] == 0])
    flight = results.get("in_flight", {}).get(portico)
    if flight:
        rows.append(["2,000 in flight at 500 ms: all succeed, p99 below 650 ms, threads constant",
                     f"{flight['errors']} errors of {flight['requests']:,}, {flight['p99_us'] / 1e3:.0f} ms, threads "
                     f"{flight['threads_before']} and {flight['threads_after']}",
                     flight["errors"] == 0 and flight["p99_us"] < 650000 and
                     flight["threads_before"] == flight["threads_after"]])
    starts = results.get("start_up", {}).get(portico)
    if starts:
        rows.append(["start to first answer below 50 ms with the shop's contracts",
                     f"{median(starts) * 1e3:.0f} ms (least {min(starts) * 1e3:.0f})", median(starts) < 0.05])
    return rows


def markdown(results, charts):
    machine = results["machine"]
    peers = (f"grpc-gateway {machine['grpc_gateway']} and grpc-go {machine['grpc_go']} with Go {machine['go']}, Node "
             f"{machine['node']}, nginx {machine['nginx']}, h2load of nghttp2 {machine['nghttp2']}")
    parts = [
        f"{results['time']}, commit {machine['commit']}: {machine['processors']} processors ({machine['processor']}), "
        f"shared with load generator and backend; {machine['memory_gb']} GB; {machine['system']}. Load average before: "
        f"{machine['load_before']:.2f}. {peers}. {results['rounds']} interleaved rounds of {results['seconds']} s; "
        "the figures are medians, in parentheses the minimum.",
        table(["goal", "found", "met"], [[goal, found, "yes" if met else "**no**"] for goal, found, met in goals(results)]),
        throughput_table(results), process_table(results)]
    if results.get("slow"):
        parts.append(slow_table(results))
    if results.get("in_flight"):
        parts.append(flight_table(results))
    parts += [f"![{title}]({path})" for title, path in charts]
    if results.get("failures"):
        parts.append("Failed:\n\n" + "\n".join(f"- {failure}" for failure in results["failures"]))
    return "\n\n".join(parts)


def write_charts(results, folder):
    """The charts' titles and paths."""
    os.makedirs(folder, exist_ok=True)
    charts = []
    for key, scale, title, file in (("cpu_us", 1, "CPU µs per request, 64 connections (less is better)", "cpu.svg"),
                                    ("per_second", 1e-3, "thousand requests/s, 64 connections (more is better)", "rate.svg"),
                                    ("p99_us", 1e-3, "p99 in ms, 64 connections (less is better)", "p99.svg")):
        groups = [(scenario.title, [(results["titles"][name], median(values(rounds, key)) * scale)
                                    for name, rounds in results["throughput"][scenario.name].items()])
                  for scenario in SCENARIOS if scenario.name in results["throughput"]]
        path = f"{folder}/{file}"
        with open(path, "w") as svg:
            svg.write(bars(title, groups, list(results["titles"].values())))
        charts.append((title, path))
    return charts


def main():
    if len(sys.argv) > 2 or sys.argv[1:2] == ["--help"]:
        print(__doc__.strip())
        return 2
    source = sys.argv[1] if len(sys.argv) == 2 else f"{ROOT}/build/bench/load.json"
    try:
        with open(source) as file:
            results = json.load(file)
    except OSError as problem:
        print(f"tools/bench/run report: {problem}; tools/bench/run load makes it", file=sys.stderr)
        return 1
    readme = f"{ROOT}/tools/bench/README.md"
    with open(readme) as file:
        text = file.read()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    charts = [(title, os.path.relpath(path, f"{ROOT}/tools/bench"))
              for title, path in write_charts(results, f"{ROOT}/tools/bench/charts")]
    with open(readme, "w") as file:
        file.write(f"{before}{BEGIN}\n\n{markdown(results, charts)}\n\n{END}{after}")
    print(f"tools/bench/README.md has the run of {results['time']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
