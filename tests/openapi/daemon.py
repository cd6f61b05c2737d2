# SPDX-License-Identifier: Apache-2.0
"""The built coffer on free ports, for one test."""

import json
import os
import re
import subprocess
import tempfile
import urllib.error
import urllib.request
from contextlib import contextmanager

READY = re.compile(r"coffer ready (\S+) control (\S+)\n")
COMPLAINTS = ("Sanitizer", "runtime error:", "Assertion")
STOP_SECONDS = 40


class Daemon:
    def __init__(self, process, url, log):
        self.process, self.url, self._log = process, url, log
        self.token = None

    def log(self):
        self._log.seek(0)
        return self._log.read().decode("utf-8", "replace")

    def ask(self, method, path, order=None, headers=None):
        """(status, headers, body as bytes)."""
        sent = {"Content-Type": "application/json"} if order is not None else {}
        if self.token and path.startswith("/control/"):
            sent["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(
            self.url + path,
            data=None if order is None else json.dumps(order).encode(),
            headers={**sent, **(headers or {})},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read()

    def document(self):
        status, _, body = self.ask("GET", "/control/v1/openapi.json")
        assert status == 200, body
        return json.loads(body)

    def stop(self):
        """It has to end as it should, whatever it went through."""
        self.process.terminate()
        status = self.process.wait(STOP_SECONDS)
        log = self.log()
        assert status == 0, f"coffer ended with status {status}:\n{log[-4000:]}"
        assert not any(word in log for word in COMPLAINTS), log[-4000:]


@contextmanager
def running(*options, token=None):
    log = tempfile.TemporaryFile()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COFFER_")}
    if token:
        environment["COFFER_CONTROL_TOKEN"] = token
    process = subprocess.Popen(
        [os.environ.get("COFFER", "./coffer"), "serve", "--ephemeral", "--port", "0"]
        + ["--control-port", "0", "--vault", "dev", "--vault", "pool,kind=hsm", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment,
    )
    try:
        said = READY.fullmatch(process.stdout.readline().decode())
        assert said, f"coffer did not become ready:\n{log.seek(0) or log.read().decode()}"
        daemon = Daemon(process, said[2], log)
        daemon.token = token
        yield daemon
        daemon.stop()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
        log.close()
