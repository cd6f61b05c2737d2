# SPDX-License-Identifier: Apache-2.0
"""A coffer for tests, in a container or as a program.

Coffer is one that runs, wherever it does; LocalCoffer and coffer_testing.container.CofferContainer
start one. The pytest plug-in, coffer_testing.plugin, does that by itself.
"""

from coffer_testing.errors import CofferError
from coffer_testing.failures import Fault, Journal, Scenario
from coffer_testing.program import LocalCoffer
from coffer_testing.server import Coffer, Credential, Vault

__all__ = [
    "Coffer",
    "CofferError",
    "Credential",
    "Fault",
    "Journal",
    "LocalCoffer",
    "Scenario",
    "Vault",
]
