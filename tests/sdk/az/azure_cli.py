# SPDX-License-Identifier: Apache-2.0
"""The Azure CLI as somebody uses it: one command after the other, with a folder for what it keeps."""

import json
import os
import secrets
import subprocess
import tempfile
from pathlib import Path

TENANT = os.environ["SDK_TENANT"]
CLIENT = os.environ["SDK_CLIENT_ID"]
KEPT = ("PATH", "HOME", "TMPDIR", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


def login(way, name):
    """A variable that `coffer env --as` prints for a way to log in."""
    text = Path(os.environ["SDK_LOGINS"], f"{way}.json").read_text(encoding="utf-8")
    return json.loads(text)[name]


def new_name(prefix):
    """A name no other test has."""
    return f"{prefix}-{secrets.token_hex(6)}"


class AzureCli:
    """One user of it, who has nothing but these variables."""

    def __init__(self, **variables):
        self.folder = tempfile.TemporaryDirectory()
        self.variables = {
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            "AZURE_CONFIG_DIR": self.folder.name,
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "yes",
            "AZURE_CORE_OUTPUT": "json",
            **variables,
        }

    def close(self):
        self.folder.cleanup()

    def run(self, *words):
        return subprocess.run(
            [os.environ["SDK_AZ"], *words],
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def __call__(self, *words):
        """What a command answers; it has to succeed."""
        done = self.run(*words)
        if done.returncode != 0:
            raise AssertionError(f"az {' '.join(words[:4])}: {done.stderr}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def log_in(self, *words):
        return self("login", "--service-principal", "-u", CLIENT, "--tenant", TENANT, *words)


def use_keys(test, az):
    """Makes a key, finds it by name and by id, and has a text back that it encrypted."""
    name = new_name("az")
    key = az("keyvault", "key", "create", "--vault-name", "dev", "-n", name, "--kty", "RSA")
    kid = key["key"]["kid"]
    listed = az("keyvault", "key", "list", "--vault-name", "dev")
    test.assertIn(kid.rsplit("/", 1)[0], [one["kid"] for one in listed])
    test.assertEqual(az("keyvault", "key", "show", "--id", kid)["key"]["kid"], kid)

    way = ("--id", kid, "-a", "RSA-OAEP-256", "--data-type", "base64", "--value")
    sealed = az("keyvault", "key", "encrypt", *way, "aGVsbG8=")["result"]
    test.assertEqual(az("keyvault", "key", "decrypt", *way, sealed)["result"], "aGVsbG8=")
    return kid, sealed
