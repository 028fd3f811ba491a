"""Logins and refreshes over HTTP, and what starting costs."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request

from gate import steady
from lab import BINARY, EMAIL, LOAD, PASSWORD, Server, cpu_seconds, free_port, memory_mib, portcullis_config, start


def databases(directory, seconds):
    """Both databases, PostgreSQL where it is installed."""
    results = {"sqlite": identity(directory, seconds, lambda _: "", "sqlite")}
    report("SQLite (synchronous=FULL)", results["sqlite"])
    pg = postgres(directory)
    if pg:
        try:
            results["postgresql"] = identity(directory, seconds, pg[0], "postgresql")
            report("PostgreSQL (fsync on, on the same machine)", results["postgresql"])
        finally:
            pg[1].terminate()
            pg[1].wait(15)
    return results


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
                result[f"{name} {algorithm}"] = finish(load(call, port, connections, seconds)) | {"server_cpu_s": cpu_seconds(server.pid) - before}
                result[f"{name} {algorithm}"]["rss_mib"] = memory_mib(server.pid)
    return result


def load(call, port, connections, seconds):
    """Logins or refreshes, under way."""
    return subprocess.Popen(["taskset", "-c", "1", LOAD, call, "--server", f"127.0.0.1:{port}", "--connections", str(connections),
                             "--seconds", str(seconds), "--email", EMAIL, "--password", PASSWORD],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(load):
    out, error = load.communicate()
    if load.returncode:
        sys.exit(f"{' '.join(map(str, load.args))}: {error}")
    return json.loads(out)


def logins(directory, seconds, rounds):
    """Logins a second beside bare Argon2id on as many threads."""
    config, port = portcullis_config(directory, 1, "ES256", access="false")
    ceiling, ours = [], []
    with start(directory, config, port, "0,1"):
        for _ in range(rounds):
            out = subprocess.run([LOAD.with_name("ceiling"), "--threads", "2", "--seconds", str(seconds)],
                                 capture_output=True, text=True, check=True)
            ceiling.append(json.loads(out.stdout)["per_second"])
            ours.append(finish(load("login", port, 4, seconds))["per_second"])
    share = statistics.median(o / c for o, c in zip(ours, ceiling))
    print(f"Logins: {statistics.median(ours):.1f}/s, {share:.2f} of bare Argon2id ({statistics.median(ceiling):.1f}/s) on both cores")
    return {"logins": ours, "ceiling": ceiling, "share": share}


def flood(directory, seconds, rounds, rate=1000, guesses=200):
    """What other routes notice of a flood of logins: the gate and its hashing share one core. Whoever measures has the
    other core, and guesses as well: attackers of their own would take it from whoever measures."""
    up = free_port()
    config, port = portcullis_config(directory, up, "ES256", access="false")
    calls = {"route": "/plain", "sign-in page": "/ui/login"}
    result = {f"{call}, {when}": [] for call in calls for when in ["idle", "flood"]}
    with start(directory, config, port, "0"):
        for _ in range(rounds):
            for call, path in calls.items():
                result[f"{call}, idle"].append(steady(port, path, None, rate, seconds, up))
                result[f"{call}, flood"].append(steady(port, path, None, rate, seconds, up, guesses))
                # Hashes that were begun come to their end, so that idle is idle.
                time.sleep(1)
    hashed, refused = (sum(row[f"guesses_{what}"] for rows in result.values() for row in rows) for what in ["hashed", "refused"])
    print(f"{rate} requests/s, idle and in a flood of {guesses} guesses/s ({hashed} hashed, {refused} refused with 503)")
    for name, rows in result.items():
        p50, p99 = (statistics.median(row[p] for row in rows) for p in ["p50_us", "p99_us"])
        print(f"  {name:24} p50 {p50:6.0f} µs   p99 {p99:6.0f} µs")
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
    print(f"Start to ready on an existing database: {statistics.median(times):.0f} ms; idle memory {rss:.0f} MiB")
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


def report(title, rows):
    print(title)
    for name, r in rows.items():
        print(f"  {name:14} {r['per_second']:8.0f}/s   p50 {r['p50_us'] / 1e3:7.1f} ms   p99 {r['p99_us'] / 1e3:7.1f} ms"
              f"   server CPU {r['server_cpu_s'] / max(r['count'], 1) * 1e6:7.0f} µs each   refused {r['refused']}")
