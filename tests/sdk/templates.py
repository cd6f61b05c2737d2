# SPDX-License-Identifier: Apache-2.0
"""The templates that operators deploy: our own, and where they are, those of the documents.

SDK_TEMPLATES and SDK_SEEDS name their folders. The words of a test (`vault`, `key`, `service` ...)
stand for whatever a template calls its parameters.
"""

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

OWN = Path(os.environ["SDK_TEMPLATES"])
SEEDS = Path(os.environ["SDK_SEEDS"])
SEED_WORDS = {
    "vault": "keyVaultName",
    "key": "keyName",
    "caretaker": "userAssignedIdentityName",
    "workspace": "workspaceName",
    "service": "fhirServiceName",
    "grant": "roleAssignmentName",
    "directory": "tenantId",
    "keyUrl": "keyEncryptionKeyUrl",
}


@dataclass
class Document:
    """A template, and what it calls the words of the tests."""

    name: str
    path: Path
    words: dict = field(default_factory=dict)

    @property
    def value(self):
        return self.name.replace("-", "_")

    def template(self):
        """Without comments, which only az and the server understand."""
        text = self.path.read_text(encoding="utf-8")
        return json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.M))

    def parameters(self, **values):
        """Of these values, those that the template wants, under its names."""
        wanted = self.template()["parameters"]
        named = {self.words.get(word, word): value for word, value in values.items()}
        return {name: {"value": value} for name, value in named.items() if name in wanted}


def _documents(name, seed, own_words):
    found = [Document(f"own-{name}", OWN / f"{name}.json", own_words)]
    if (SEEDS / seed).is_file():
        found.append(Document(f"documents-{name}", SEEDS / seed, SEED_WORDS))
    return found


def user_assigned():
    """Vault, key, identity, role and service at once."""
    return _documents("user-assigned", "template-user-assigned.json", {})


def system_assigned():
    """A service that is there already gets the key; ours is of DICOM."""
    return _documents("system-assigned", "template-system-assigned.json", {"workspace": "service"})


def recovery(identity, properties):
    """That for a service which lost its key, its placeholders filled in; None where it is not."""
    path = SEEDS / "template-recovery-dicom.txt"
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    text = text.replace("<insert configured identity>", json.dumps(identity)[1:-1])
    more = json.dumps(properties)[1:-1]
    text = text.replace("<insert any additional configured properties>,", more and f"{more},")
    return json.loads(text)
