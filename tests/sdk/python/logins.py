# SPDX-License-Identifier: Apache-2.0
"""What the tests of log-ins share."""

import json
import os
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from azure.keyvault.keys import KeyClient
from azure.keyvault.keys.crypto import CryptographyClient, KeyWrapAlgorithm

from support import new_data_key, new_name

TENANT = os.environ["SDK_TENANT"]
CLIENT = os.environ["SDK_CLIENT_ID"]
AUTHORITY = os.environ["SDK_AUTHORITY"]
VAULT = "https://vault.azure.net/.default"

# What credentials look at.
LOOKED_AT = (
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "IMDS_ENDPOINT",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
)


def login(way):
    """The variables that `coffer env --as` prints for a way to log in."""
    text = Path(os.environ["SDK_LOGINS"], f"{way}.json").read_text(encoding="utf-8")
    return {name: value for name, value in json.loads(text).items() if name in LOOKED_AT}


@contextmanager
def environment(*variables, **more):
    """Has nothing of what credentials look at but these."""
    wanted = {name: value for name, value in os.environ.items() if name not in LOOKED_AT}
    for some in (*variables, more):
        wanted.update(some)
    with mock.patch.dict(os.environ, wanted, clear=True):
        yield


def works(test, credential):
    """That whoever this is can make a key, and wrap and unwrap with it."""
    url = os.environ["AZURE_KEYVAULT_URL"]
    key = KeyClient(url, credential).create_rsa_key(new_name("login"))
    crypto = CryptographyClient(key, credential)
    data_key = new_data_key()
    wrapped = crypto.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, data_key).encrypted_key

    test.assertEqual(crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, wrapped).key, data_key)
