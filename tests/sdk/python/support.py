# SPDX-License-Identifier: Apache-2.0
"""What the tests share: clients as a user would make them, names, and the shape of a refusal.

Resource verification stays on, and credentials are found as in production.
"""

import json
import os
import secrets
import unittest
import urllib.request
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient

running = json.loads(Path(os.environ["SDK_RUN_JSON"]).read_text(encoding="utf-8"))
urls = {vault["name"]: vault["url"] for vault in running["vaults"]}
port = running["port"]

credential = DefaultAzureCredential()
dev = KeyClient(os.environ["AZURE_KEYVAULT_URL"], credential)
locked = KeyClient(urls["locked"], credential)
pool = KeyClient(urls["pool"], credential)  # a managed HSM


def new_name(prefix):
    """A name no other test has."""
    return f"{prefix}-{secrets.token_hex(6)}"


def new_data_key():
    return secrets.token_bytes(32)


def from_now(**delta):
    return (datetime.now(timezone.utc) + timedelta(**delta)).replace(microsecond=0)


def ask_control(path, order=None, method=None):
    """What the control port answers, to an order or to a question."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{running['control_port']}{path}",
        data=None if order is None else json.dumps(order).encode(),
        method=method,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:  # raises what is not a success
        return json.load(response)


def advance(seconds):
    """Moves the server's clock on."""
    ask_control("/control/v1/clock", {"advance": seconds})


def crypto_of(key):
    """A client for a key or its id, which does with the public key what can be done with it."""
    return CryptographyClient(key, credential)


def local_of(key):
    """A client that has nothing but the public key."""
    return CryptographyClient.from_jwk(key.key)


class MayNotRead(SansIOHTTPPolicy):
    """Stands in for an identity without the permission to get keys, as far as the SDK sees it."""

    def on_request(self, request):
        if request.http_request.method == "GET":
            error = HttpResponseError("Forbidden")
            error.status_code = 403
            raise error


def remote_of(key_id):
    """A client that has no public key, so that it leaves every operation to the server.

    Nor does it know the key's operations and dates, which it would check before it asks.
    """
    return CryptographyClient(key_id, credential, per_call_policies=[MayNotRead()])


def finish(poller):
    """The poller asks at once, and would ask every 2 s from then on."""
    poller.wait()
    return poller.result()


def delete(client, name):
    return finish(client.begin_delete_key(name))


def recover(client, name):
    return finish(client.begin_recover_deleted_key(name))


def state_of(key):
    """All that a client can know of a key, to compare."""
    properties = key.properties
    return {
        "id": key.id,
        "jwk": vars(key.key),
        "tags": properties.tags,
        "attributes": properties._attributes.as_dict(),  # pylint: disable=protected-access
    }


def rows(*table):
    """Has a test run once for each row, whose items it gets; the first one goes into its name."""

    def mark(test):
        test.rows = table
        return test

    return mark


# What the SDK raises for a status; HttpResponseError for all others.
ERRORS = {401: ClientAuthenticationError, 404: ResourceNotFoundError, 409: ResourceExistsError}


class TestCase(unittest.TestCase):
    """Knows rows, and what a refusal is."""

    maxDiff = None

    def __init_subclass__(cls):
        for name, test in list(vars(cls).items()):
            for row in getattr(test, "rows", ()):
                items = row if isinstance(row, tuple) else (row,)
                word = getattr(items[0], "value", items[0])
                setattr(cls, f"{name}_{word}", lambda self, t=test, i=items: t(self, *i))
            if hasattr(test, "rows"):
                delattr(cls, name)

    @contextmanager
    def refuses(self, status, code, inner=None):
        """A context that has to end in this status, error.code and error.innererror.code."""
        with self.assertRaises(HttpResponseError) as raised:
            yield raised
        error = raised.exception
        self.assertEqual(
            (error.status_code, error.error.code, (error.error.innererror or {}).get("code")),
            (status, code, inner),
            error.message,
        )
        self.assertIs(type(error), ERRORS.get(status, HttpResponseError))
