# SPDX-License-Identifier: Apache-2.0
"""Does what the pages say: docs.py [--offline] COFFER SOURCES [LANGUAGE=PACKAGES...]

--offline: in a network namespace, where the ports of the docs are free.
"""

import fcntl
import json
import re
import socket
import struct
import sys
from collections import Counter
from pathlib import Path

import troubles
from blocks import Complaint, read_page
from shell import Failure, Site, check_answer, check_printed, run_blocks

RUN = ("run", "file", "answer")
PORTS = ("8443", "8080")
LONGEST = {"README.md": 14 * 1024}
UP = 1  # IFF_UP
SET_FLAGS = 0x8914  # SIOCSIFFLAGS


class Tally:
    """Counts tests for tests/driver, and blocks by what was done with them."""

    def __init__(self):
        self.verdicts, self.failed = Counter(), 0
        self.skipped, self.reasons = Counter(), Counter()

    def note(self, where, verdict, trouble=None):
        self.verdicts[verdict] += 1
        self.failed += trouble is not None
        print(f"{'ok    ' if trouble is None else 'FAILED'} {where}: {verdict}")
        if trouble is not None:
            print("       " + trouble.rstrip().replace("\n", "\n       "))

    def skip(self, where, reason):
        self.skipped[where.split(":")[0], reason] += 1

    def excuse(self, where, reason):
        self.reasons[reason] += 1
        print(f"excuse {where}: {reason}")

    def close(self):
        tests = sum(self.verdicts.values())
        for (page, reason), number in self.skipped.items():
            print(f"[SKIP] {page}: {number} blocks or rows: {reason}")
        print("\nblocks and rows:", ", ".join(f"{n} {what}" for what, n in self.verdicts.items()))
        for reason, number in self.reasons.items():
            print(f"  {number} not run: {reason}")
        print(f"Tested: {tests} | Passing: {tests - self.failed} | Failing: {self.failed}", end="")
        print(" | Crashing: 0")
        return self.failed > 0 or tests == 0


def has_json_form(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def check_json(block):
    """One document, or one in each line, behind its status if there is one. Shapes have `…`, <names>
    and (parts) that may be there."""
    text = re.sub(r"\(([^()]*,)\)", r"\1", block.text)
    text = text.replace("…,", '"…",').replace(":…", ':"…"').replace('""…"', '"…"')
    lines = [re.sub(r"^\d{3} +", "", line) for line in text.splitlines()]
    try:
        if not has_json_form(text):
            for line in lines:
                json.loads(line)
    except ValueError as error:
        raise Failure(f"is not of the form of JSON: {error}") from None


def check_part(sources, block):
    lines = (line.strip() for line in (sources / block.argument).read_text().splitlines())
    for line in filter(None, (line.strip() for line in block.text.splitlines())):
        if line not in lines:  # goes on from the line that was found last
            raise Failure(f"{block.argument} does not have, or not there:\n{line}")


def check_named(sources, block):
    makefiles = [sources / "Makefile.am", *sources.glob("*/local.mk"), *sources.glob("*/*/local.mk")]
    goals = {"check", "install", "distcheck"}
    for path in makefiles:
        goals.update(re.findall(r"^([a-z-]+):", path.read_text(), re.MULTILINE))
    for line in filter(None, block.text.splitlines()):
        words = [word for word in line.split("#")[0].split() if not re.match(r"\w+=", word)]
        if words[0] == "make":
            wrong = [goal for goal in words[1:2] if goal not in goals]
        else:
            wrong = [] if (sources / words[0]).is_file() else words[:1]
        if wrong:
            raise Failure(f"there is no {wrong[0]}:\n{line}")


def check_length(tally, page, text):
    """Readers give up on a long page, and this one is the first that they see."""
    length = len(text.encode())
    if length > LONGEST.get(page, length):
        tally.note(page, "length", f"has {length} bytes; {LONGEST[page]} are enough")


def try_check(tally, block, check, *arguments):
    try:
        check(*arguments)
    except Failure as failure:
        tally.note(block.where, block.verdict, str(failure))
    else:
        tally.note(block.where, block.verdict)


def check_blocks(tally, site, blocks):
    """Those of one page that are run."""
    printed = run_blocks(site, blocks)
    for number, block in enumerate(blocks):
        if number >= len(printed):
            tally.note(block.where, block.verdict, "was not reached")
        elif block.verdict == "answer":
            shown = [n for n in range(number) if blocks[n].verdict == "run"][-1:]
            try_check(tally, block, check_answer, site, block, printed[shown[0]] if shown else "")
        elif number == len(printed) - 1:
            tally.note(block.where, block.verdict, "fails:\n" + printed[number])
        else:
            try_check(tally, block, check_printed, block, printed[number])


def check_page(tally, sources, new_site, packages, blocks):
    runs = []
    for block in blocks:
        missing = [one for one in block.needs if one not in packages]
        if missing:
            tally.skip(block.where, f"without {missing[0]}")
        elif block.verdict in RUN:
            runs.append(block)
        elif block.verdict == "json":
            try_check(tally, block, check_json, block)
        elif block.verdict == "part of":
            try_check(tally, block, check_part, sources, block)
        elif block.verdict == "named":
            try_check(tally, block, check_named, sources, block)
        else:
            tally.excuse(block.where, block.argument)
    if runs:
        with new_site() as site:
            check_blocks(tally, site, runs)


def check_troubles(tally, new_site, packages, is_offline, page, text):
    rows, marked = troubles.read_rows(page, text)
    tally.reasons[f"rows of {page}, as their marks say"] += marked
    with new_site() as site:
        clients = troubles.Clients(site, packages, is_offline)
        ready = run_blocks(site, read_page("(preparation)", PREPARATION))
        if len(ready) < 2:
            raise Failure("nothing can be provoked:\n" + "".join(ready))
        for row in rows:
            if reason := clients.why_not(row):
                tally.skip(row.where, reason)
        able = [row for row in rows if not clients.why_not(row)]
        for row, trouble in troubles.check_rows(clients, able):
            tally.note(f"{row.where}: {row.client}, {row.scenario}", "provoked", trouble)


PREPARATION = """
<!-- test: run -->
    coffer serve --log-level warning
    eval "$(coffer env)"
    curl -sSf -o .answer -H "Authorization: Bearer $(coffer token)" -H 'Content-Type: application/json' \\
        -d '{"kty":"RSA"}' "$AZURE_KEYVAULT_URL/keys/cmk/create?api-version=7.6"
"""


def raise_loopback():
    """A new network namespace has a loopback interface, but it is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        fcntl.ioctl(one, SET_FLAGS, struct.pack("16sH14x", b"lo", UP))


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def main(arguments):
    is_offline = arguments[:1] == ["--offline"]
    coffer, sources, *rest = arguments[is_offline:]
    coffer, sources = Path(coffer).resolve(), Path(sources).resolve()
    if is_offline:
        raise_loopback()
    packages = dict(one.split("=", 1) for one in rest)
    ports = {} if is_offline else {port: free_port() for port in PORTS}
    new_site = lambda: Site(sources, coffer, packages, ports)
    tally = Tally()
    for path in [sources / "README.md", *sorted((sources / "docs").glob("*.md"))]:
        page = str(path.relative_to(sources))
        text = path.read_text(encoding="utf-8")
        check_length(tally, page, text)
        try:
            check_page(tally, sources, new_site, packages, read_page(page, text))
            if path.name == "troubleshooting.md":
                check_troubles(tally, new_site, packages, is_offline, page, text)
        except (Complaint, Failure) as trouble:
            tally.note(page, "read", str(trouble))
    return tally.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
