"""Calls of the API, one connection a client."""
import http.client
import json
from urllib.parse import urlparse


class Client:
    """Somebody who calls."""

    def __init__(self, base, token=None):
        where = urlparse(base)
        self.base = base
        self.wire = http.client.HTTPConnection(where.hostname, where.port)
        self.headers = {"content-type": "application/json"}
        if token:
            self.headers["authorization"] = "Bearer " + token

    def raw(self, path, body=None):
        """Status and text."""
        path = path if path.startswith("/api/") else "/api/v1" + path
        ask = ("GET", path, None) if body is None else ("POST", path, json.dumps(body).encode())
        try:
            self.wire.request(*ask, self.headers)
            answer = self.wire.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            # The server cuts who was silent for a minute.
            self.wire.close()
            self.wire.request(*ask, self.headers)
            answer = self.wire.getresponse()
        return answer.status, answer.read()

    def call(self, path, body=None):
        """What is answered; anything but success ends the program."""
        status, text = self.raw(path, body)
        if status >= 300:
            raise SystemExit(f"{path}: {status} {text.decode()[:300]}")
        return json.loads(text) if text else None

    def login(self, name):
        """Whoever of that name, by development login: a client, and their id."""
        status, text = self.raw("/auth/wechat", {"code": "dev:" + name})
        if status >= 300:
            raise SystemExit(f"{name}: {status} {text.decode()[:300]}")
        answer = json.loads(text)
        return Client(self.base, answer["access_token"]), answer
