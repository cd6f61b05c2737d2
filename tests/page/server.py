# SPDX-License-Identifier: Apache-2.0
"""The coffer that a page is of, and a client of its vaults."""

import http.client
import json
import ssl
import subprocess
import urllib.parse
from pathlib import Path

from webdriver import until


class Server:
    """coffer serve with a data folder of its own; stop() ends it in order."""

    def __init__(self, coffer, folder, *options):
        self.folder = Path(folder)
        self.log = open(self.folder.with_suffix(".log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [coffer, "serve", "--data", str(folder), "--listen", "localhost", "--port", "0",
             "--control-port", "0", *options],
            stdout=self.log,
            stderr=self.log,
        )
        run = self.folder / "run.json"
        until(lambda: run.exists() and run.stat().st_size or self.process.poll() is not None,
              "ready", 60)
        about = json.loads(run.read_text())
        self.control, self.port = about["control_url"], about["port"]
        self.context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        self.tokens = {}

    def stop(self):
        self.process.terminate()
        status = self.process.wait(timeout=60)
        self.log.close()
        if status != 0:
            raise AssertionError(f"coffer ended with status {status}")

    def ask_control(self, path, body=None, method=None, headers=None):
        """The status and the JSON, if there is any."""
        url = urllib.parse.urlsplit(self.control)
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
        return _ask(connection, method or ("GET" if body is None else "POST"), path, body,
                    {"Content-Type": "application/json", **(headers or {})})

    def token(self, identity):
        if identity not in self.tokens:
            path = f"/control/v1/identities/{identity}/token?resource=https://vault.azure.net"
            self.tokens[identity] = self.ask_control(path)[1]["access_token"]
        return self.tokens[identity]

    def ask_vault(self, path, body=None, method=None, *, vault="dev", agent="test", identity="dev"):
        headers = {
            "Host": f"{vault}.vault.localhost:{self.port}",
            "Content-Type": "application/json",
            "User-Agent": agent,
        }
        if identity:
            headers["Authorization"] = f"Bearer {self.token(identity)}"
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60,
                                                 context=self.context)
        return _ask(connection, method or ("GET" if body is None else "POST"),
                    f"{path}?api-version=7.6", body, headers)

    def make_key(self, name, *, vault="dev", **body):
        """Of EC, or another version of it: which version it is."""
        status, key = self.ask_vault(f"/keys/{name}/create", {"kty": "EC", **body}, vault=vault)
        assert status == 200, key
        return key["key"]["kid"].rsplit("/", 1)[1]


def _ask(connection, method, path, body, headers):
    data = None if body is None else json.dumps(body)
    try:
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        text = answer.read()
        is_json = "json" in answer.getheader("Content-Type", "")
        return answer.status, json.loads(text) if is_json else None
    finally:
        connection.close()
