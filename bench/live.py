"""How soon a route that is made through the API is in force, among thousands."""
import json
import statistics
import time
import urllib.error
import urllib.request

from lab import EMAIL, PASSWORD, free_port, portcullis_config, post, start


def call(port, token, method, path, body=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode() if body else None,
                                     {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}, method=method)
    return json.load(urllib.request.urlopen(request, timeout=60))


def status(port, path):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code


def made(i):
    return {"match": {"path": f"/made-{i}/{{id}}/items/{{*rest}}"}, "upstream": "bench", "auth": "none"}


def in_file(count):
    return "\n".join(f'[[routes]]\nname = "r{i}"\nmatch = {{ path = "/service-{i}/{{id}}/items/{{*rest}}" }}\nupstream = "bench"\nauth = "none"'
                     for i in range(count))


def live(directory, many=5000, tries=20):
    """From the call to the first answer of the new route: all routes in the file, and all made through the API."""
    result = {}
    for where in ["file", "api"]:
        folder = directory / where
        folder.mkdir()
        # Nothing is behind the routes: 502 is an answer of the route, 404 is none.
        config, port = portcullis_config(folder, free_port(), "ES256", routes=in_file(many) if where == "file" else "")
        with start(folder, config, port, "0,1"):
            token = post(port, "/api/v1/auth/login", {"email": EMAIL, "password": PASSWORD})["access_token"]
            if where == "api":
                everything = {"routes": {f"r{i}": made(i) for i in range(many)}}
                call(port, token, "PUT", "/api/v1/admin/config", everything)
            times = []
            for i in range(tries):
                path = f"/new-{i}"
                assert status(port, path) == 404
                began = time.monotonic()
                call(port, token, "PUT", f"/api/v1/admin/routes/new-{i}", {"match": {"path": path}, "upstream": "bench", "auth": "none"})
                answered = status(port, path)
                times.append((time.monotonic() - began) * 1e3)
                assert answered == 502, f"{path} is not in force when the call returns: {answered}"
            result[where] = {"ms": times, "median_ms": statistics.median(times)}
    print(f"A new route among {many}, from the call to its first answer: {result['file']['median_ms']:.0f} ms with the others in "
          f"the file, {result['api']['median_ms']:.0f} ms with the others made through the API")
    return result
