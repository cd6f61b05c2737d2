# SPDX-License-Identifier: Apache-2.0
"""A coffer that is started as a program, where there is no container engine."""

import os
import re
import selectors
import subprocess
import tempfile
import time

from coffer_testing.server import Coffer

START_SECONDS = 30
STOP_SECONDS = 35  # coffer gives its token half a minute
READY = re.compile(r"coffer ready (\S+) control (\S+)\n")


class LocalCoffer(Coffer):
    """A coffer of one's own: `coffer serve --ephemeral` on free ports, until stop().

    `binary` is the program, `options` are further ones of `coffer serve`; without a `--vault` among
    them there is one called dev. `control_token` becomes its --control-token. What it logs is in `log()`. Raises RuntimeError with the log when
    it does not become ready.
    """

    def __init__(self, binary="coffer", options=(), control_token=None):
        self._log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        command = [str(binary), "serve", "--ephemeral", "--listen", "localhost"]
        command += ["--port", "0", "--control-port", "0", *options]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=_environment(control_token),
            )
        except OSError as error:
            self._log.close()
            raise RuntimeError(f"{binary} cannot be started: {error}") from error
        try:
            super().__init__(self._wait_until_ready(), control_token=control_token)
        except BaseException:
            self._end()
            raise

    def _wait_until_ready(self):
        """The control URL, out of the one line that coffer prints."""
        pipe = self._process.stdout
        deadline = time.monotonic() + START_SECONDS
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while not line.endswith(b"\n") and len(line) < 4096:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    break
                piece = os.read(pipe.fileno(), 4096)
                if not piece:
                    break
                line += piece
        ready = READY.fullmatch(line.decode("utf-8", "replace"))
        if not ready:
            raise RuntimeError(f"coffer did not become ready:\n{self.log()}")
        return ready[2]

    def log(self):
        """What coffer has logged so far."""
        self._log.seek(0)
        return self._log.read()

    def _end(self):
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            self._process.stdout.close()
            self._log.close()

    def stop(self):
        """Ends coffer and returns its exit status; nothing of it stays. Once is enough."""
        self.close()
        return self._process.returncode if self._log.closed else self._end()

    def __exit__(self, *_):
        self.stop()


def _environment(control_token):
    """Ours, but for what would say otherwise than the command line: settings of another coffer."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("COFFER_")}
    # not on the command line, which other users see
    return {**ours, "COFFER_CONTROL_TOKEN": control_token} if control_token else ours
