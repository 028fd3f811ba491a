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
