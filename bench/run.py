#!/usr/bin/env python3
"""Side-by-side benchmarks of Portcullis. See bench/README.md.

Everything runs on this machine, on loopback, bounded in time, and is stopped at the end. Results are
ratios within one run: the absolute numbers of a small, shared machine mean little.
"""
import argparse
import json
import pathlib
import shutil
import sys
import tempfile

import gate
import identity
import live
from lab import BINARY, LOAD, WEBSOCKET

PARTS = ["gate", "gate2", "routes", "bodies", "sockets", "idle", "latency", "live", "startup", "identity", "logins", "flood"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--alone", action="store_true", help="beside nginx only, without the other gates")
    parser.add_argument("--json", help="write the raw results here")
    a = parser.parse_args()
    missing = [t for t in ["nginx", "wrk", "taskset"] if not shutil.which(t)]
    if missing:
        sys.exit(f"install {', '.join(missing)} first (Debian: nginx-light wrk util-linux)")
    for binary in [BINARY, *([LOAD] if not a.what or {"identity", "latency", "logins", "flood"} & set(a.what) else []),
                   *([WEBSOCKET] if not a.what or "sockets" in a.what else [])]:
        if not binary.exists():
            sys.exit(f"{binary} is missing: run `cargo build --release -p portcullis -p bench` first")
    results = {}
    for part in a.what or PARTS:
        with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as d:
            results[part] = run(part, pathlib.Path(d), a)
    if a.json:
        pathlib.Path(a.json).write_text(json.dumps(results, indent=1) + "\n")


def run(part, directory, a):
    match part:
        case "gate" | "gate2":
            cores = 2 if part == "gate2" else 1
            result = gate.gate(directory, a.seconds, a.rounds, cores, not a.alone)
            gate.report_gate(result, cores)
            return result
        case "routes":
            return gate.routes(directory, a.seconds, a.rounds)
        case "bodies":
            return gate.bodies(directory, a.seconds, a.rounds)
        case "sockets":
            return gate.sockets(directory, a.seconds, a.rounds)
        case "idle":
            return gate.idle(directory)
        case "latency":
            return gate.latency(directory, a.seconds, a.rounds)
        case "live":
            return live.live(directory)
        case "startup":
            return identity.startup(directory)
        case "logins":
            return identity.logins(directory, a.seconds, a.rounds)
        case "flood":
            return identity.flood(directory, a.seconds, a.rounds)
        case _:
            return identity.databases(directory, a.seconds)


if __name__ == "__main__":
    main()
