# SPDX-License-Identifier: Apache-2.0
"""Provokes what docs/troubleshooting.md tells of, with the clients themselves, and holds what they
say against what the page says they do.

`<!-- trouble: NAME -->` stands above a table of clients. What is in backticks in a row has to be in
what that client prints, `…` standing for anything. A row with a mark, as in `Java [hand]`, is not
provoked. Ask.java is there to see Java's texts by hand: with the jars of azure-security-keyvault-keys
and azure-identity in CLASSPATH, `java Ask.java` is such a client.
"""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from shell import Failure, has_text

HERE = Path(__file__).parent
SECONDS = 60
TRUST = ("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
IDENTITY = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET")
IDENTITY += ("AZURE_POD_IDENTITY_AUTHORITY_HOST",)
SOMEBODY = {
    "AZURE_TENANT_ID": "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57",
    "AZURE_CLIENT_ID": "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c58",
    "AZURE_CLIENT_SECRET": "secret",
}
PROXY = "http://127.0.0.1:3128"

# What is different in the environment of the client; None: not there.
SCENARIOS = {
    "names": {},
    "trust": dict.fromkeys(TRUST),
    "other-name": {"AZURE_KEYVAULT_URL": "https://dev.kv.localhost:8443"},
    "challenge": {"AZURE_KEYVAULT_URL": "https://localhost:8443"},
    "identity": dict.fromkeys(IDENTITY),
    "authority": {**SOMEBODY, "AZURE_AUTHORITY_HOST": None},
    "own-authority": {**SOMEBODY, "AZURE_AUTHORITY_HOST": "https://dev.vault.localhost:8443"},
    "refused": {"AZURE_KEYVAULT_URL": "https://dev.vault.localhost:9443"},
    "plain": {"AZURE_KEYVAULT_URL": "http://dev.vault.localhost:8443"},
    "control-port": {"AZURE_KEYVAULT_URL": "https://dev.vault.localhost:8080"},
    "vault": {"AZURE_KEYVAULT_URL": "https://none.vault.localhost:8443"},
    "proxy": {"HTTPS_PROXY": PROXY, "https_proxy": PROXY},
    "foreign": {},
    "clock": {"ASK_ADVANCE": "P2D"},
}
# With a network, these would ask others than us; and only there is a resolver of one's own.
OFFLINE = {"names", "identity", "authority", "own-authority"}
# It moves the clock for all.
ALONE = {"clock"}

ASK_WITH_CURL = """
curl -sS -o .answer -H "Authorization: Bearer $ASK_TOKEN" "$AZURE_KEYVAULT_URL/keys/cmk?api-version=7.6"
"""
ASK_BEFORE_AND_AFTER = """
curl -sS -o .answer -H 'Content-Type: application/json' -d '{"advance":"P2D","tokens":"age"}' \
    "$ASK_CONTROL/control/v1/clock"
curl -sS -H "Authorization: Bearer $ASK_TOKEN" "$AZURE_KEYVAULT_URL/keys/cmk?api-version=7.6"
"""
ASK_BY_A_FOREIGN_NAME = """
curl -sS --connect-to "::${ASK_CONTROL#http://}" http://keys.example/ca.pem
"""
CURL = {"clock": ASK_BEFORE_AND_AFTER, "foreign": ASK_BY_A_FOREIGN_NAME}
WITHOUT_MYHOSTNAME = 'mount --bind "$0" /etc/nsswitch.conf && exec "$@"'


@dataclass
class Row:
    where: str
    scenario: str
    client: str
    says: list  # of texts


def read_rows(page, text):
    """The rows that can be provoked, and how many have a mark."""
    rows, marked, scenario = [], 0, None
    for number, line in enumerate(text.splitlines(), 1):
        if begins := re.fullmatch(r"<!-- trouble: (\S+) -->", line):
            scenario = begins[1]
            if scenario not in SCENARIOS:
                raise Failure(f"{page}:{number}: nobody knows how to provoke '{scenario}'")
        elif line.startswith("#"):
            scenario = None
        elif row := re.fullmatch(r"\| (curl|Python|JavaScript|Go) \| (.*) \|", line):
            if scenario is None:
                raise Failure(f"{page}:{number}: no comment says how to provoke this")
            says = [one.strip() for _, one in re.findall(r"(`+)(.+?)\1", row[2])]
            rows.append(Row(f"{page}:{number}", scenario, row[1], says))
        else:
            marked += re.match(r"\| [^|]+ \[(hand|said)\] \|", line) is not None
    missing = SCENARIOS.keys() - {row.scenario for row in rows}
    if missing:
        raise Failure(f"{page} has nothing of {', '.join(sorted(missing))}")
    return rows, marked


class Clients:
    """How each client is called; `packages` says where those are that there are."""

    def __init__(self, site, packages, is_offline):
        self.site, self.packages, self.is_offline = site, packages, is_offline
        self.commands = {"curl": []}
        if "python" in packages:
            python = Path(packages["python"], "venv/bin/python")
            self.commands["Python"] = [str(python), "-B", str(HERE / "ask.py")]
        if "js" in packages:
            script = site.home / "ask.mjs"
            script.write_bytes((HERE / "ask.mjs").read_bytes())
            (site.home / "node_modules").symlink_to(Path(packages["js"], "node_modules"))
            self.commands["JavaScript"] = ["node", str(script)]
        if "go" in packages:
            self.commands["Go"] = [str(Path(packages["go"], "sdk.test"))]
        self.resolver = site.home / ".nsswitch"
        self.resolver.write_text("hosts: files\n")

    def why_not(self, row):
        if row.client not in self.commands:
            return f"{row.client}'s SDK is not there"
        if row.scenario in OFFLINE and not self.is_offline:
            return "a namespace without a network is not allowed here"
        return None

    def coffer(self, *arguments):
        return subprocess.run(
            [self.site.environment["DOCS_COFFER"], *arguments],
            cwd=self.site.home, env=self.site.environment, check=True, capture_output=True, text=True,
        ).stdout

    def environment_of(self, row):
        """What `coffer env` prints, and what the scenario changes in it."""
        environment = dict(self.site.environment, SDK_ASK="yes")
        for name, value in re.findall(r"^export (\w+)='(.*)'$", self.coffer("env"), re.MULTILINE):
            environment[name] = value
        environment["ASK_TOKEN"] = self.coffer("token").strip()
        environment["ASK_CONTROL"] = environment["AZURE_POD_IDENTITY_AUTHORITY_HOST"]
        for name, value in SCENARIOS[row.scenario].items():
            environment.pop(name, None)
            if value is not None:
                environment[name] = self.site.local(value)
        return environment

    def ask(self, row):
        """What the client prints."""
        command = self.commands[row.client]
        if row.client == "curl":
            command = ["sh", "-c", CURL.get(row.scenario, ASK_WITH_CURL)]
        if row.scenario == "names":
            command = ["unshare", "-m", "sh", "-c", WITHOUT_MYHOSTNAME, str(self.resolver), *command]
        result = subprocess.run(
            command, cwd=self.site.home, env=self.environment_of(row), check=False, timeout=SECONDS,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        return result.stdout.decode("utf-8", "replace")


def check_row(clients, row):
    """None when the client says what the row says, else what is wrong."""
    printed = clients.ask(row)
    for text in row.says:
        if not has_text(clients.site.local(text), printed):
            return f"{row.client} does not say\n{text}\nbut\n{printed}"
    return None if row.says else "the row says nothing"


def check_rows(clients, rows):
    """Yields each row that can be provoked with what is wrong about it."""
    together = [row for row in rows if row.scenario not in ALONE]
    with ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) + 1) as pool:
        yield from zip(together, pool.map(lambda row: check_row(clients, row), together))
    for row in rows:
        if row.scenario in ALONE:
            yield row, check_row(clients, row)
