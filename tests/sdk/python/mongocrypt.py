# SPDX-License-Identifier: Apache-2.0
"""libmongocrypt, with its driver for MongoDB, but without a database: data keys are kept here."""

import os
from urllib.parse import urlparse

from bson import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.encryption import Algorithm, ClientEncryption

ALGORITHM = Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Random
UUID_AS_STANDARD = 4


class Drawer:
    """Stands in for the collection of data keys, as far as the driver uses it."""

    def __init__(self):
        self.documents = []

    def insert_one(self, document):
        self.documents.append(document.raw)

    def find(self, _filter):
        return self

    def __enter__(self):
        return map(RawBSONDocument, self.documents)

    def __exit__(self, *_reason):
        pass


def encryption(drawer, account):
    """A client that has seen no data key yet. `account` is what it logs in with; {}: the identity of
    the machine."""
    options = CodecOptions(uuid_representation=UUID_AS_STANDARD)
    client = ClientEncryption({"azure": account}, "any.keys", MongoClient(connect=False), options)
    client._io_callbacks.key_vault_coll = drawer  # pylint: disable=protected-access
    return client


def seal(client, name, text):
    """Makes a data key under the key of that name, and encrypts a text with it."""
    vault = urlparse(os.environ["AZURE_KEYVAULT_URL"]).netloc
    master = {"keyVaultEndpoint": vault, "keyName": name}
    return client.encrypt(text, ALGORITHM, key_id=client.create_data_key("azure", master))
