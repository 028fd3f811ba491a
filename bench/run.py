#!/usr/bin/env python3
"""Side-by-side benchmarks of Portcullis. See bench/README.md.

Everything runs on this machine, on loopback, bounded in time, and is stopped at the end. Results are
ratios within one run: the absolute numbers of a small, shared machine mean little.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / "target/release/portcullis"
LOAD = ROOT / "target/release/bench"
TICKS = os.sysconf("SC_CLK_TCK")
EMAIL, PASSWORD = "bench@example.com", "Correct-Horse-7-Battery"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, path="/", seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing answers on port {port}")


def cpu_seconds(pid):
    """User and system time of a process and its children that still live."""
    total, todo = 0, [pid]
    while todo:
        p = todo.pop()
        try:
            fields = pathlib.Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
            for task in pathlib.Path(f"/proc/{p}/task").iterdir():
                todo += [int(c) for c in (task / "children").read_text().split()]
        except FileNotFoundError:
            continue
    return total / TICKS


def memory_mib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024


class Server:
    """A process pinned to cores, stopped at the end."""

    def __init__(self, command, cores, env=None, log=None):
        out = open(log, "ab") if log else subprocess.DEVNULL
        self.process = subprocess.Popen(["taskset", "-c", cores, *map(str, command)], stdout=out, stderr=out,
                                        env={**os.environ, **(env or {})})
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()


def nginx_conf(directory, name, body):
    path = directory / f"{name}.conf"
    path.write_text(f"""daemon off; worker_processes 1; pid {directory}/{name}.pid; error_log {directory}/{name}.err;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {directory}/{name}.body;
proxy_temp_path {directory}/{name}.proxy; fastcgi_temp_path {directory}/{name}.f; uwsgi_temp_path {directory}/{name}.u;
scgi_temp_path {directory}/{name}.s; {body} }}""")
    return ["nginx", "-p", directory, "-c", path]


def wrk(port, path, seconds, cores, token=None):
    command = ["taskset", "-c", cores, "wrk", "-t1", "-c64", f"-d{seconds}s", "--latency"]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    out = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in out:
        sys.exit(f"errors under load on {path}:\n{out}")
    return int(re.search(r"(\d+) requests in", out).group(1))


def measure(server, *call):
    before = cpu_seconds(server.pid)
    count = wrk(*call)
    return (cpu_seconds(server.pid) - before) / count * 1e6


def post(port, path, body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=30))


def portcullis_config(directory, upstream, algorithm, **more):
    port, ops = free_port(), free_port()
    lines = f"""
[server]
listen = "127.0.0.1:{port}"
ops_listen = "127.0.0.1:{ops}"
workers = 1
[storage]
data_dir = "{directory}/data-{algorithm}"
{more.get("storage", "")}
[tokens]
algorithm = "{algorithm}"
access_ttl = "1h"
[log]
format = "json"
access = {more.get("access", "true")}
[identity.limits]
login = "1000000/minute"
signup = "1000000/hour"
ip = ["10000000/minute"]
user = ["10000000/minute"]
[upstreams.bench]
targets = ["http://127.0.0.1:{upstream}"]
[[routes]]
name = "plain"
match = {{ path = "/plain" }}
upstream = "bench"
auth = "none"
[[routes]]
name = "checked"
match = {{ path = "/checked" }}
upstream = "bench"
auth = ["jwt"]
permissions = ["orders:read"]
limits = [{{ by = "user", rate = "10000000/minute" }}, {{ by = "ip", rate = "100000000/hour", algorithm = "sliding_window" }}]
"""
    path = directory / f"portcullis-{port}.toml"
    path.write_text(lines)
    create = subprocess.run([BINARY, "admin", "create", "--config", path, "--email", EMAIL, "--password-stdin"],
                            input=PASSWORD, text=True, capture_output=True)
    if create.returncode:
        sys.exit(f"admin create failed: {create.stderr}")
    return path, port


def start(directory, config, port, cores):
    log = directory / "portcullis.log"
    server = Server([BINARY, "serve", "--config", config], cores, log=log)
    wait_for(port, "/livez")
    return server


def gate(directory, seconds, rounds):
    """CPU per request through one gate: nginx proxy_pass, Portcullis plain, Portcullis with all checks."""
    up, peer = free_port(), free_port()
    upstream = nginx_conf(directory, "upstream", f'server {{ listen 127.0.0.1:{up} backlog=4096; location / {{ return 200 "hello, world"; }} }}')
    proxy = nginx_conf(directory, "proxy", f"""upstream u {{ server 127.0.0.1:{up}; keepalive 256; keepalive_requests 1000000000; }}
server {{ listen 127.0.0.1:{peer} backlog=4096; location / {{ proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }} }}""")
    config, port = portcullis_config(directory, up, "ES256")
    result = {"nginx": [], "plain": [], "checked": []}
    with Server(upstream, "1"), Server(proxy, "0") as nginx:
        wait_for(up), wait_for(peer)
        with start(directory, config, port, "0") as ours:
            token = post(port, "/api/v1/auth/login", {"email": EMAIL, "password": PASSWORD})["access_token"]
            result["idle_mib"] = memory_mib(ours.pid)
            for warm in [(peer, "/plain"), (port, "/plain"), (port, "/checked")]:
                wrk(*warm, 1, "1", token)
            for _ in range(rounds):
                result["nginx"].append(measure(nginx, peer, "/plain", seconds, "1", token))
                result["plain"].append(measure(ours, port, "/plain", seconds, "1"))
                result["checked"].append(measure(ours, port, "/checked", seconds, "1", token))
    ratio = lambda name: statistics.median(a / b for a, b in zip(result[name], result["nginx"]))
    result["ratio_plain"], result["ratio_checked"] = ratio("plain"), ratio("checked")
    return result


def identity(directory, seconds, storage, label):
    """Refreshes and logins over HTTP: the server on core 0, the load on core 1."""
    result = {}
    for algorithm in ["ES256", "RS256"]:
        folder = directory / f"{label}-{algorithm}"
        folder.mkdir()
        config, port = portcullis_config(folder, 1, algorithm, storage=storage(algorithm), access="false")
        for name, call, cores, connections in [("refresh", "refresh", "0", 64), ("login", "login", "0,1", 4)]:
            with start(folder, config, port, cores) as server:
                before = cpu_seconds(server.pid)
                out = subprocess.run(["taskset", "-c", "1", LOAD, call, "--server", f"127.0.0.1:{port}",
                                      "--connections", str(connections), "--seconds", str(seconds),
                                      "--email", EMAIL, "--password", PASSWORD],
                                     capture_output=True, text=True)
                if out.returncode:
                    sys.exit(f"{label} {call}: {out.stderr}")
                result[f"{name} {algorithm}"] = json.loads(out.stdout) | {"server_cpu_s": cpu_seconds(server.pid) - before}
                result[f"{name} {algorithm}"]["rss_mib"] = memory_mib(server.pid)
    return result


def startup(directory, tries=5):
    """From exec to ready on an existing database, and memory when idle."""
    config, port = portcullis_config(directory, 1, "RS256")
    times = []
    for _ in range(tries):
        began = time.monotonic()
        with Server([BINARY, "serve", "--config", config], "0,1") as server:
            while True:
                try:
                    if urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).status == 200:
                        break
                except OSError:
                    time.sleep(0.002)
            times.append((time.monotonic() - began) * 1e3)
            time.sleep(0.5)
            rss = memory_mib(server.pid)
    return {"ready_ms": times, "ready_ms_median": statistics.median(times), "idle_mib": rss}


def postgres(directory):
    """A private PostgreSQL with its defaults (fsync on). Returns its base URL and a stop function."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        return None
    bin_dir, data, port = found[-1].parent, directory / "pg", free_port()
    data.mkdir()
    as_user = []
    if os.geteuid() == 0:
        shutil.chown(data, "postgres")
        os.chmod(directory, 0o755)
        as_user = ["runuser", "-u", "postgres", "--"]
    subprocess.run([*as_user, bin_dir / "initdb", "-D", data, "-U", "bench", "-A", "trust"], check=True, stdout=subprocess.DEVNULL)
    server = subprocess.Popen([*as_user, bin_dir / "postgres", "-D", data, "-p", str(port), "-k", "", "-c", "listen_addresses=127.0.0.1"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while subprocess.run([bin_dir / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode:
        if time.monotonic() > end:
            sys.exit("PostgreSQL did not start")
        time.sleep(0.1)

    def database(algorithm):
        name = f"bench_{algorithm.lower()}"
        subprocess.run([bin_dir / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "bench", name], check=True)
        return f'url = "postgres://bench@127.0.0.1:{port}/{name}"'

    return database, server


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=["gate", "identity", "startup", []], help="default: all")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", help="write the raw results here")
    a = parser.parse_args()
    missing = [t for t in ["nginx", "wrk", "taskset"] if not shutil.which(t)]
    if missing:
        sys.exit(f"install {', '.join(missing)} first (Debian: nginx-light wrk util-linux)")
    for binary in [BINARY, LOAD]:
        if not binary.exists():
            sys.exit(f"{binary} is missing: run `cargo build --release -p portcullis -p bench` first")
    what, results = a.what or ["gate", "startup", "identity"], {}
    with tempfile.TemporaryDirectory(prefix="portcullis-bench-") as d:
        directory = pathlib.Path(d)
        if "gate" in what:
            r = results["gate"] = gate(directory, a.seconds, a.rounds)
            med = {k: statistics.median(r[k]) for k in ["nginx", "plain", "checked"]}
            print("CPU per request, one core, 64 connections (median of paired rounds)")
            print(f"  nginx proxy_pass        {med['nginx']:6.1f} µs   1.00")
            print(f"  Portcullis, plain       {med['plain']:6.1f} µs   {r['ratio_plain']:.2f}")
            print(f"  Portcullis, all checks  {med['checked']:6.1f} µs   {r['ratio_checked']:.2f}")
        if "startup" in what:
            r = results["startup"] = startup(directory)
            print(f"Start to ready on an existing database: {r['ready_ms_median']:.0f} ms; idle memory {r['idle_mib']:.0f} MiB")
        if "identity" in what:
            r = results["sqlite"] = identity(directory, a.seconds, lambda _: "", "sqlite")
            report("SQLite (synchronous=FULL)", r)
            pg = postgres(directory)
            if pg:
                try:
                    r = results["postgresql"] = identity(directory, a.seconds, pg[0], "postgresql")
                    report("PostgreSQL (fsync on, on the same machine)", r)
                finally:
                    pg[1].terminate()
                    pg[1].wait(15)
    if a.json:
        pathlib.Path(a.json).write_text(json.dumps(results, indent=1) + "\n")


def report(title, rows):
    print(title)
    for name, r in rows.items():
        print(f"  {name:14} {r['per_second']:8.0f}/s   p50 {r['p50_us'] / 1e3:7.1f} ms   p99 {r['p99_us'] / 1e3:7.1f} ms"
              f"   server CPU {r['server_cpu_s'] / max(r['count'], 1) * 1e6:7.0f} µs each   refused {r['refused']}")


if __name__ == "__main__":
    main()
