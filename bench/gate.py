"""What a request through the gate costs, beside other gates that do the same work."""
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

import peers
from lab import (EMAIL, LOAD, PASSWORD, WEBSOCKET, Server, cpu_seconds, free_port, measure, memory_mib, nginx_conf,
                 portcullis_config, post, start, wait_for, wait_for_port, wrk)


def upstream_conf(directory, port):
    """An nginx that answers at once: a short text, or a megabyte."""
    (directory / "files").mkdir(exist_ok=True)
    # nginx reads it as somebody else.
    os.chmod(directory, 0o755)
    (directory / "files" / "megabyte").write_bytes(os.urandom(1 << 20))
    return nginx_conf(directory, "upstream", f"""client_max_body_size 10m; server {{ listen 127.0.0.1:{port} backlog=4096; root {directory}/files;
location / {{ return 200 "hello, world"; }} location = /megabyte {{ }} }}""")


def nginx_proxy(directory, upstream, port, workers):
    return nginx_conf(directory, "proxy", f"""upstream u {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000000; }}
server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }} }}""", workers)


def ratio(result, name, to="nginx"):
    return statistics.median(a / b for a, b in zip(result[name], result[to]))


def gate(directory, seconds, rounds, cores=1, others=True):
    """CPU per request: every gate in turn, again and again, so that each is compared under the same weather."""
    up, peer = free_port(), free_port()
    pinned = "0" if cores == 1 else "0,1"
    load = "1" if cores == 1 else "0,1"
    config, port = portcullis_config(directory, up, "ES256", workers=cores)
    with Server(upstream_conf(directory, up), "1"), Server(nginx_proxy(directory, up, peer, cores), pinned) as nginx:
        wait_for(up), wait_for(peer)
        with start(directory, config, port, pinned) as ours:
            token = post(port, "/api/v1/auth/login", {"email": EMAIL, "password": PASSWORD})["access_token"]
            jwks = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/.well-known/jwks.json", timeout=5))
            contenders = [("nginx", nginx, peer, "/plain", None), ("plain", ours, port, "/plain", None),
                          ("checked", ours, port, "/checked", token)]
            started = []
            if others:
                for name, command, peer_port, with_token in peers.all_of(directory, up, f"http://127.0.0.1:{port}", jwks, cores):
                    server = Server(command, pinned, log=directory / f"{name}.log").__enter__()
                    started.append(server)
                    wait_for(peer_port)
                    contenders.append((name, server, peer_port, "/plain", token if with_token else None))
            try:
                result = {name: [] for name, *_ in contenders}
                for _, _, at, path, bearer in contenders:
                    wrk(at, path, 1, load, bearer)
                for _ in range(rounds):
                    for name, server, at, path, bearer in contenders:
                        result[name].append(measure(server, at, path, seconds, load, bearer))
            finally:
                for server in started:
                    server.__exit__()
    return result


def report_gate(result, cores):
    print(f"CPU per request, {cores} core{'s' if cores > 1 else ''}, 64 connections (median of paired rounds)")
    for name, title in TITLES.items():
        if name in result:
            print(f"  {title:42} {statistics.median(result[name]):7.1f} µs   {ratio(result, name):.2f}")


TITLES = {
    "nginx": "nginx proxy_pass",
    "plain": "Portcullis, plain",
    "checked": "Portcullis, all checks",
    "haproxy": "HAProxy, plain",
    "haproxy_jwt": "HAProxy, jwt_verify",
    "envoy": "Envoy, plain",
    "envoy_checked": "Envoy, jwt_authn (cached), local_ratelimit",
    "traefik": "Traefik, plain",
    "caddy": "Caddy, plain",
}


def routes(directory, seconds, rounds, many=5000):
    """The same request with ten routes and with thousands."""
    up = free_port()
    result = {"few": [], "many": []}

    def table(count):
        return "\n".join(f'[[routes]]\nname = "r{i}"\nmatch = {{ path = "/service-{i}/{{id}}/items/{{*rest}}" }}\nupstream = "bench"\nauth = "none"'
                         for i in range(count))

    with Server(upstream_conf(directory, up), "1"):
        wait_for(up)
        servers = {}
        for name, count in [("few", 10), ("many", many)]:
            folder = directory / name
            folder.mkdir()
            config, port = portcullis_config(folder, up, "ES256", routes=table(count))
            servers[name] = (start(folder, config, port, "0"), port)
        try:
            for _ in range(rounds):
                for name, (server, port) in servers.items():
                    result[name].append(measure(server, port, "/service-7/42/items/1", seconds, "1"))
        finally:
            for server, _ in servers.values():
                server.__exit__()
    print(f"CPU per request with 10 routes {statistics.median(result['few']):.1f} µs, with {many} routes: {ratio(result, 'many', 'few'):.2f} of that")
    return result


def bodies(directory, seconds, rounds):
    """Answers of a megabyte."""
    up, peer = free_port(), free_port()
    config, port = portcullis_config(directory, up, "ES256", routes='[[routes]]\nname = "large"\nmatch = { path = "/megabyte" }\nupstream = "bench"\nauth = "none"')
    result = {"nginx": [], "plain": []}
    with Server(upstream_conf(directory, up), "1"), Server(nginx_proxy(directory, up, peer, 1), "0") as nginx:
        wait_for(up), wait_for(peer)
        with start(directory, config, port, "0") as ours:
            for _ in range(rounds):
                result["nginx"].append(measure(nginx, peer, "/megabyte", seconds, "1", None, 16))
                result["plain"].append(measure(ours, port, "/megabyte", seconds, "1", None, 16))
    print(f"CPU for an answer of 1 MiB: nginx {statistics.median(result['nginx']):.0f} µs, Portcullis {ratio(result, 'plain'):.2f} of that")
    return result


def sockets(directory, seconds, rounds):
    """WebSocket messages that come back, beside nginx."""
    up, peer = free_port(), free_port()
    config, port = portcullis_config(directory, up, "ES256", routes='[[routes]]\nname = "socket"\nmatch = { path = "/ws" }\nupstream = "bench"\nauth = "none"')
    proxy = nginx_conf(directory, "proxy", f"""server {{ listen 127.0.0.1:{peer} backlog=4096; location / {{ proxy_pass http://127.0.0.1:{up};
proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; }} }}""")

    def cost(server, at):
        before = cpu_seconds(server.pid)
        command = ["taskset", "-c", "1", WEBSOCKET, "load", "--server", f"127.0.0.1:{at}", "--path", "/ws", "--seconds", str(seconds)]
        count = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["messages"]
        return (cpu_seconds(server.pid) - before) / count * 1e6

    result = {"nginx": [], "plain": []}
    with Server([WEBSOCKET, "echo", "--listen", f"127.0.0.1:{up}"], "1"), Server(proxy, "0") as nginx:
        wait_for_port(up), wait_for_port(peer)
        with start(directory, config, port, "0") as ours:
            for _ in range(rounds):
                result["nginx"].append(cost(nginx, peer))
                result["plain"].append(cost(ours, port))
    print(f"CPU for a WebSocket message there and back: nginx {statistics.median(result['nginx']):.1f} µs, Portcullis {ratio(result, 'plain'):.2f} of that")
    return result


def idle(directory, count=10000):
    """Memory of connections that have made a request and wait."""
    up = free_port()
    config, port = portcullis_config(directory, up, "ES256")
    with Server(upstream_conf(directory, up), "1"):
        wait_for(up)
        with start(directory, config, port, "0,1") as ours:
            wrk(port, "/plain", 1, "1")
            before, clients = memory_mib(ours.pid), []
            for _ in range(count):
                client = socket.create_connection(("127.0.0.1", port))
                client.sendall(b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n")
                client.recv(4096)
                clients.append(client)
            # What they have at hand for a quick next request goes after a while.
            time.sleep(2)
            after = memory_mib(ours.pid)
            for client in clients:
                client.close()
    each = (after - before) * 1024 / count
    print(f"Memory of an idle connection: {each:.1f} KiB ({count} connections)")
    return {"kib_each": each}


def latency(directory, seconds, rounds):
    """How long an answer takes at half of the load that the slowest can take: many short rounds, because what else
    a small machine does lasts milliseconds, and the median round has none of it."""
    up, peer = free_port(), free_port()
    config, port = portcullis_config(directory, up, "ES256")
    result = {"nginx": [], "plain": [], "checked": []}
    with Server(nginx_proxy(directory, up, peer, 1), "0"), start(directory, config, port, "0"):
        token = post(port, "/api/v1/auth/login", {"email": EMAIL, "password": PASSWORD})["access_token"]
        calls = {"nginx": (peer, "/plain", None), "plain": (port, "/plain", None), "checked": (port, "/checked", token)}
        with Server(upstream_conf(directory, up), "1"):
            wait_for(up), wait_for(peer)
            rate = min(wrk(at, path, 2, "1", bearer) / 2 for at, path, bearer in calls.values()) / 2
        for _ in range(rounds * seconds):
            for name, (at, path, bearer) in calls.items():
                result[name].append(steady(at, path, bearer, rate, 1, up))
    print(f"Time to an answer at {rate:.0f} requests/s, half of what the slowest can take (median of rounds)")
    for name in calls:
        p50, p99 = (statistics.median(r[p] for r in result[name]) for p in ["p50_us", "p99_us"])
        print(f"  {TITLES[name]:42} p50 {p50:6.0f} µs   p99 {p99:6.0f} µs")
    return result


def steady(port, path, token, rate, seconds, upstream=None, guesses=None):
    command = ["taskset", "-c", "1", LOAD.with_name("steady"), "--server", f"127.0.0.1:{port}", "--path", path,
               "--rate", f"{rate}", "--seconds", f"{seconds}", *(["--token", token] if token else []),
               *(["--upstream", f"127.0.0.1:{upstream}"] if upstream else []), *(["--guesses", f"{guesses}"] if guesses else [])]
    out = subprocess.run(command, capture_output=True, text=True)
    if out.returncode:
        sys.exit(f"steady load on {path}: {out.stderr}")
    return json.loads(out.stdout)
