# SPDX-License-Identifier: Apache-2.0
"""Runs the blocks of a page, one after the other, in one shell, as a reader would type them."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

PAGE_SECONDS = 120
END_SECONDS = 20
MARK = "@@docs@@"


class Failure(Exception):
    """A block does not do what the page says."""


def end_process(pid):
    """In order, if it can: it may have something to say then, as sanitizers have."""
    try:
        os.kill(pid, signal.SIGTERM)
        for _ in range(END_SECONDS * 50):
            time.sleep(0.02)
            os.kill(pid, 0)
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Site:
    """A home of its own for a page, with stand-ins for what a test cannot have.

    `ports` maps the ports of the docs to those that are free here; it is empty in a network
    namespace, where the very ports of the docs are.
    """

    def __init__(self, sources, coffer, packages, ports):
        self.folder = tempfile.TemporaryDirectory(prefix="coffer-docs.")
        self.home = Path(self.folder.name)
        self.ports = ports
        stand_in = Path(__file__).with_name("stand-in")
        programs = self.home / ".stand-ins"
        for path in [
            *(programs / name for name in ("docker", "npm", "sudo", "coffer")),
            self.home / "bootstrap",
            self.home / "build" / "coffer",
        ]:
            path.parent.mkdir(exist_ok=True)
            path.symlink_to(stand_in)
        self.environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            "LANG": "C.UTF-8",
            "DOCS_SOURCES": str(sources),
            "DOCS_COFFER": str(coffer),
            "DOCS_PROCESSES": str(self.home / ".processes"),
            "DOCS_PACKAGES": str(packages.get("js", "")),
        }
        self.add_modules(packages)
        for name in ("SOFTHSM_MODULE", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        if ports:
            self.environment["COFFER_PORT"] = str(ports["8443"])
            self.environment["COFFER_CONTROL_PORT"] = str(ports["8080"])

    def add_modules(self, packages):
        """The test modules of docker/testcontainers, as tests/modules has brought them."""
        if python := packages.get("python-module"):
            (self.home / ".stand-ins" / "pytest").symlink_to(Path(python, "venv/bin/pytest"))
        if js := packages.get("js-module"):
            self.environment["DOCS_JS_MODULE"] = js
        if go := packages.get("go-module"):
            cache = os.environ["DOCS_GO_CACHE"]
            self.environment |= {
                "DOCS_GO_MODULE": go,
                "GOMODCACHE": f"{cache}/modules",
                "GOCACHE": f"{cache}/objects",
                "GOFLAGS": "-mod=readonly -modcacherw",
                "GOPROXY": "off",
                "GOTOOLCHAIN": "local",
            }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        processes = self.home / ".processes"
        for pid in processes.read_text().split() if processes.exists() else []:
            end_process(int(pid))
        self.folder.cleanup()

    def local(self, text):
        """The text with the ports that are used here."""
        for there, here in self.ports.items():
            text = re.sub(rf"\b{there}\b", str(here), text)
        return text


def script_of(blocks):
    """All blocks in one script; a line before each and after the last tells them apart."""
    lines = ["set -e -o pipefail"]
    for number, block in enumerate(blocks):
        lines += [f"echo; echo '{MARK} {number}'", *block.before]
        if block.verdict == "file":
            lines += [f"cat >'{block.argument}' <<'{MARK}'", block.text.rstrip("\n"), MARK]
        elif block.verdict == "run":
            lines.append(block.text)
        lines += block.then
    lines.append(f"echo; echo '{MARK} {len(blocks)}'")
    return "\n".join(lines) + "\n"


def run_blocks(site, blocks):
    """What each block printed, as far as the shell got."""
    script = site.home / ".script"
    script.write_text(site.local(script_of(blocks)), encoding="utf-8")
    try:
        result = subprocess.run(
            ["bash", "--norc", "--noprofile", str(script)],
            cwd=site.home,
            env=site.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PAGE_SECONDS,
            check=False,
        ).stdout
    except subprocess.TimeoutExpired as late:
        result = late.stdout or b""
    printed = re.split(rf"^{MARK} \d+\n", result.decode("utf-8", "replace"), flags=re.MULTILINE)
    return printed[1:]


def has_text(shown, printed):
    """Is what the page shows in what was printed? `…` stands for anything."""
    pattern = r"\s+".join(re.escape(word).replace("…", ".*?") for word in shown.split())
    return re.search(pattern, printed, re.DOTALL) is not None


def has_json(shown, printed):
    """Does a line of what was printed, or its end, hold the same JSON, in the same order?"""
    for line in printed.splitlines():
        for start in [found.start() for found in re.finditer(r"\{", line)][:1]:
            try:
                value = json.JSONDecoder().raw_decode(line[start:])[0]
            except ValueError:
                continue
            if json.dumps(value) == json.dumps(json.loads(shown)):
                return True
    return False


def check_printed(block, printed):
    """A block that was run: it is refused only where the page says so."""
    for text in block.says:
        if not has_text(text, printed):
            raise Failure(f"does not say '{text}', but:\n{printed}")
    if printed.count('"error":{') > len(block.says):
        raise Failure(f"is refused where the page does not say so:\n{printed}")


def check_answer(site, block, printed):
    shown = site.local(block.text)
    try:
        json.loads(shown)
    except ValueError:
        is_there = has_text(shown, printed)
    else:
        is_there = has_json(shown, printed)
    if not is_there:
        raise Failure(f"shows\n{shown}where there is\n{printed}")
