# SPDX-License-Identifier: Apache-2.0
"""Asks for a key as any program would, and prints what its user would read.

With ASK_ADVANCE it asks, moves coffer's clock by that, tokens and all, and asks again.
"""

import json
import os
import urllib.request

from azure.identity import DefaultAzureCredential
from azure.keyvault.keys import KeyClient


def advance(by):
    request = urllib.request.Request(
        os.environ["ASK_CONTROL"] + "/control/v1/clock",
        json.dumps({"advance": by, "tokens": "age"}).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


def main():
    try:
        credential = DefaultAzureCredential()
        client = KeyClient(os.environ["AZURE_KEYVAULT_URL"], credential, retry_total=0)
        client.get_key("cmk")
        if "ASK_ADVANCE" in os.environ:
            advance(os.environ["ASK_ADVANCE"])
            client.get_key("cmk")
        print("there is no trouble")
    except Exception as error:  # whatever there is to read
        print(f"{type(error).__name__}: {error}")


main()
