# SPDX-License-Identifier: Apache-2.0
"""What this client does when a connection or an answer fails: how often it tries, and what it raises.

tests/sdk/failures.json has the failures, and what is expected; docs/failures.md shows it to users.
"""

import json
import os
import unittest
from pathlib import Path

from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.keyvault.keys import KeyClient

from support import ask_control, credential, dev, new_name

ROWS = json.loads(Path(os.environ["SDK_FAILURES"]).read_text(encoding="utf-8"))
RETRIES = 2


class Count(SansIOHTTPPolicy):
    """Counts what is sent, tries that come to nothing among them."""

    def __init__(self):
        self.tries = 0

    def on_request(self, request):
        self.tries += 1


def remove(rule):
    """The control port answers without a body, which ask_control() would want."""
    try:
        ask_control(f"/control/v1/faults/{rule}", method="DELETE")
    except json.JSONDecodeError:
        pass


def measure(row, operate, name):
    """Tries and the error's type, of a client of its own that knows the vault, or none yet."""
    count = Count()
    patience = row.get("patience", 60000) / 1000
    client = KeyClient(
        dev.vault_url,
        credential,
        per_retry_policies=[count],
        retry_total=RETRIES,
        retry_backoff_factor=0.01,
        read_timeout=patience,
    )
    rule = dict(row["rule"], id=new_name("rule"), ttl=60)
    if not row.get("connection"):
        client.get_key(name)
        rule["match"] = {"key": name}
    ask_control("/control/v1/faults", rule)
    count.tries = 0
    try:
        operate(client, name)
        return [count.tries, "none"]
    except AzureError as error:
        return [count.tries, type(error).__name__]
    except ValueError as error:
        return [count.tries, type(error).__name__]
    finally:
        remove(rule["id"])
        client.close()


def read(client, name):
    client.get_key(name)


def write(client, name):
    client.create_ec_key(name)


def cell(measured):
    """Tries of a GET and of a POST, and the errors they end in."""
    tries, error, tries_of_post, error_of_post = measured
    errors = [f"`{error}`"] + ([f"`{error_of_post}`"] if error_of_post != error else [])
    return f"{tries}/{tries_of_post} {', '.join(errors)}"


class TheTable(unittest.TestCase):
    def test_is_what_users_are_told(self):
        page = (Path(os.environ["SDK_FAILURES"]).resolve().parents[2] / "docs" / "failures.md").read_text(
            encoding="utf-8"
        )
        for row in ROWS:
            cells = [row["fault"], *(cell(row[client]) for client in ("python", "js", "go"))]
            self.assertIn(f"| {' | '.join(cells)} |\n", page)


class AFailure(unittest.TestCase):
    maxDiff = None

    def test_is_met_as_the_table_says(self):
        name = new_name("failing")
        dev.create_ec_key(name)
        found = {}
        for row in ROWS:
            found[row["fault"]] = measure(row, read, name) + measure(row, write, name)
            self.assertEqual(dev.get_key(name).name, name, row["fault"])  # it has healed
        self.assertEqual(found, {row["fault"]: row["python"] for row in ROWS})
