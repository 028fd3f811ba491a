"""What every benchmark needs: servers pinned to cores, load, and the CPU that a request costs."""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / "target/release/portcullis"
LOAD = ROOT / "target/release/bench"
WEBSOCKET = ROOT / "target/release/websocket"
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


def wait_for_port(port, seconds=20):
    """For what speaks no HTTP."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


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


def nginx_conf(directory, name, body, workers=1):
    path = directory / f"{name}.conf"
    path.write_text(f"""daemon off; worker_processes {workers}; pid {directory}/{name}.pid; error_log {directory}/{name}.err;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {directory}/{name}.body;
proxy_temp_path {directory}/{name}.proxy; fastcgi_temp_path {directory}/{name}.f; uwsgi_temp_path {directory}/{name}.u;
scgi_temp_path {directory}/{name}.s; {body} }}""")
    return ["nginx", "-p", directory, "-c", path]


def wrk(port, path, seconds, cores, token=None, connections=64):
    command = ["taskset", "-c", cores, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
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
workers = {more.get("workers", 1)}
[storage]
data_dir = "{directory}/data-{algorithm}"
{more.get("storage", "")}
[tokens]
algorithm = "{algorithm}"
access_ttl = "1h"
[log]
format = "json"
access = {more.get("access", "true")}
[identity.lockout]
failures = 1000
free_failures = 1000
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
{more.get("routes", "")}
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
