# SPDX-License-Identifier: Apache-2.0
"""A coffer that runs, as its control port shows it. Needs nothing but Python."""

import json
import os
import shutil
import tempfile
import urllib.error
import urllib.request
from collections import namedtuple
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from coffer_testing.errors import CofferError
from coffer_testing.failures import Failures

# The virtual clock takes half a minute at most for what falls due on the way.
TIMEOUT = 60
ANSWER_MAX = 64 * 1024 * 1024

# No proxy has a part in this: the control port is on this machine, or next to it.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# What the Azure SDK wants a credential to return.
AccessToken = namedtuple("AccessToken", "token expires_on")


@dataclass(frozen=True)
class Vault:
    """A vault, or a managed HSM, as it was when it was asked for.

    `url` is what clients of the SDK take; `state` is "live" or "deleted", `kind` "vault" or "hsm",
    `access` "open", "policy" or "rbac".
    """

    name: str
    url: str
    state: str
    kind: str
    sku: str
    retention: int
    purge_protection: bool
    access: str


class Credential:
    """A token credential for clients of the Azure SDK: Coffer.credential() makes it.

    It asks coffer for each token: after advance(..., tokens="age") the next one is good again.
    """

    def __init__(self, coffer, identity=None):
        self._coffer = coffer
        self._identity = identity

    def get_token(self, *scopes, **_):
        """A token for the resource of the first scope."""
        answer = self._coffer.ask_token(scopes[0], self._identity)
        return AccessToken(answer["access_token"], int(answer["expires_on"]))


def _refusal(error):
    """The error that an answer of the control port stands for."""
    text = error.read(ANSWER_MAX).decode("utf-8", "replace")
    try:
        told = json.loads(text)["error"]
        return CofferError(error.code, told["code"], told["message"])
    except (ValueError, KeyError, TypeError):
        return CofferError(error.code, "Unknown", text[:200] or error.reason)


def _duration(value):
    """Seconds or an ISO 8601 duration, as the clock takes them."""
    if isinstance(value, timedelta):
        if value.microseconds:
            raise ValueError(f"the clock moves by whole seconds, not by {value}")
        return value.days * 86400 + value.seconds
    return value


class Coffer(Failures):
    """A coffer that runs.

    `control_url` is where its control port is (`http://127.0.0.1:8080`). `https_port` is the port by
    which this process reaches the vaults, where that is another one than coffer listens on: in a
    container. `control_token` is the one of its --control-token, without it $COFFER_CONTROL_TOKEN. Calls raise CofferError when coffer refuses, OSError when it cannot be reached. May be
    used by several threads. close() removes the file of `ca_file`; it does not stop coffer.
    """

    def __init__(self, control_url, https_port=None, control_token=None):
        super().__init__()
        self.control_url = control_url.rstrip("/")
        self._control_token = control_token or os.environ.get("COFFER_CONTROL_TOKEN")
        self._https_port = https_port
        self._folder = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Removes what this object has put on the disk."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
            self.__dict__.pop("ca_file", None)

    def _fetch(self, method, path, order=None, headers=None, patience=0):
        body = None if order is None else json.dumps(order).encode()
        request = urllib.request.Request(self.control_url + path, data=body, method=method)
        request.add_header("Content-Type", "application/json")
        if self._control_token and path.startswith("/control/"):
            request.add_header("Authorization", f"Bearer {self._control_token}")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with _opener.open(request, timeout=TIMEOUT + patience) as response:
                return response.read(ANSWER_MAX)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error) from None

    def ask(self, method, path, order=None, patience=0):
        """What the control port answers at a path of docs/options.md; None where it has no words.

        `patience` is how many seconds more than usual it may take.
        """
        answer = self._fetch(method, path, order, patience=patience)
        return json.loads(answer) if answer else None

    # What there is

    def info(self):
        """Version, ports and vaults: `/control/v1/info`."""
        return self.ask("GET", "/control/v1/info")

    @cached_property
    def _listening_port(self):
        return self.info()["port"]

    def _reachable(self, url):
        """A vault's URL as this process can use it: with the mapped port, where it has none else."""
        parts = urlsplit(url)
        if self._https_port is None or not parts.hostname.endswith(".localhost"):
            return url
        if (parts.port or 443) != self._listening_port:
            return url
        return urlunsplit(parts._replace(netloc=f"{parts.hostname}:{self._https_port}"))

    def _vault_of(self, answer):
        kept = ("name", "state", "kind", "sku", "retention", "purge_protection", "access")
        return Vault(url=self._reachable(answer["url"]), **{name: answer[name] for name in kept})

    def vaults(self):
        """All vaults, deleted ones too."""
        return [self._vault_of(one) for one in self.ask("GET", "/control/v1/vaults")["vaults"]]

    def vault(self, name):
        """The vault of that name."""
        return self._vault_of(self.ask("GET", f"/control/v1/vaults/{quote(name, safe='')}"))

    def vault_url(self, name=None):
        """The URL of a vault; without a name of the first one."""
        return self.vault(name).url if name else self._reachable(self.info()["vaults"][0]["url"])

    # The life of vaults

    def create_vault(self, name, **settings):
        """Makes a vault. Settings: `kind`, `sku`, `retention`, `purge_protection`, `access`.

        One that is there already and contradicts none of them is fine.
        """
        path = f"/control/v1/vaults/{quote(name, safe='')}"
        return self._vault_of(self.ask("PUT", path, settings))

    def delete_vault(self, name):
        """Deletes a vault; it can be recovered until it is purged."""
        path = f"/control/v1/vaults/{quote(name, safe='')}"
        return self._vault_of(self.ask("DELETE", path))

    def recover_vault(self, name):
        """Has a deleted vault back, with its keys."""
        path = f"/control/v1/vaults/{quote(name, safe='')}/recover"
        return self._vault_of(self.ask("POST", path, {}))

    def purge_vault(self, name):
        """Removes a deleted vault and all that is in it; refused where purge protection is on."""
        self.ask("POST", f"/control/v1/vaults/{quote(name, safe='')}/purge", {})

    def reset(self, vault=None):
        """Puts everything, or one vault, back to what the options of coffer say."""
        self.ask("POST", "/control/v1/reset", {"vault": vault} if vault else {})

    # Snapshots

    def snapshot(self, name):
        """Saves the state of everything under a name; returns what coffer says of it."""
        return self.ask("POST", "/control/v1/snapshots", {"name": name})

    def restore(self, name, vault=None):
        """Puts everything, or one vault, back to what snapshot() has saved."""
        order = {"vault": vault} if vault else {}
        self.ask("POST", f"/control/v1/snapshots/{quote(name, safe='')}/restore", order)

    def snapshots(self):
        """What was saved."""
        return self.ask("GET", "/control/v1/snapshots")["snapshots"]

    def delete_snapshot(self, name):
        """Removes what was saved under that name."""
        self.ask("DELETE", f"/control/v1/snapshots/{quote(name, safe='')}")

    # Who may do what

    def object_id(self, identity=""):
        """The object id of an identity: any name is one, "" the system-assigned."""
        query = urlencode({"name": identity})
        return self.ask("GET", f"/control/v1/identity?{query}")["object_id"]

    def grant(self, vault, role=None, *, permissions=None, identity="", principal=None, **more):
        """Grants a role and returns the assignment's name; or, with `permissions`, an access policy.

        It is for the identity of that name, or an object id, `principal`. `more` is of a role `key`,
        `scope`, `deny`, of a policy `application_id`: docs/access.md.
        """
        who = principal or self.object_id(identity)
        path = f"/control/v1/vaults/{quote(vault, safe='')}"
        if permissions is None:
            order = {"principal": who, "role": role, **more}
            return self.ask("POST", f"{path}/assignments", order)["name"]
        if role is not None:
            raise ValueError("a role or permissions, not both")
        path = f"{path}/policies/{quote(who, safe='')}"
        self.ask("PUT", path, {"permissions": list(permissions), **more})
        return None

    def revoke(self, vault, role=None, *, identity="", principal=None, **more):
        """Takes back what grant() with the same arguments gave; without a role the access policy."""
        who = principal or self.object_id(identity)
        path = f"/control/v1/vaults/{quote(vault, safe='')}"
        if role is not None:
            self.ask("DELETE", f"{path}/assignments", {"principal": who, "role": role, **more})
            return
        query = f"?{urlencode(more)}" if more else ""
        self.ask("DELETE", f"{path}/policies/{quote(who, safe='')}{query}")

    # Time

    def clock(self):
        """What the virtual clock shows: `now`, `epoch`, `mode`, `frozen`, `rate`, `offset`, `next`."""
        return self.ask("GET", "/control/v1/clock")

    def set_clock(self, **order):
        """Gives the clock an order of docs/options.md: `set="2030-01-01"`, `frozen=True`."""
        return self.ask("POST", "/control/v1/clock", order)

    def advance(self, duration, tokens="keep"):
        """Moves the clock, and runs what falls due on the way before it returns.

        `duration` is a timedelta, whole seconds, or an ISO 8601 duration such as "P90D". The answer
        lists as `ran` what happened. Tokens that clients hold stay good, but with `tokens="age"`, which
        makes them older by the same time.
        """
        return self.set_clock(advance=_duration(duration), tokens=tokens)

    def reset_clock(self):
        """Has the clock show the system's time again."""
        return self.set_clock(reset=True)

    # What clients need

    @cached_property
    def ca_certificate(self):
        """The certificate of coffer's authority, PEM."""
        return self._fetch("GET", "/ca.pem").decode("ascii")

    @cached_property
    def ca_file(self):
        """The same in a file, which is there until close()."""
        self._folder = self._folder or tempfile.mkdtemp(prefix="coffer-testing-")
        path = Path(self._folder, "ca.pem")
        path.write_text(self.ca_certificate, encoding="ascii")
        return path

    def ask_token(self, resource, identity=None):
        """The answer of the App Service identity endpoint, as a dictionary."""
        members = {"api-version": "2019-08-01", "resource": resource}
        query = urlencode(members | ({"client_id": identity} if identity else {}))
        headers = {"X-IDENTITY-HEADER": "coffer"}
        return json.loads(self._fetch("GET", f"/msi/token?{query}", headers=headers))

    def token(self, resource="https://vault.azure.net", identity=None):
        """An access token; for a managed HSM of the resource https://managedhsm.azure.net.

        It is that of the identity of that name, without one of the system-assigned.
        """
        return self.ask_token(resource, identity)["access_token"]

    def credential(self, identity=None):
        """A credential for clients of the Azure SDK, in place of DefaultAzureCredential."""
        return Credential(self, identity)

    def identity_environment(self):
        """The variables by which DefaultAzureCredential finds coffer's managed identity."""
        endpoint = f"{self.control_url}/msi/token"
        return {
            "IDENTITY_ENDPOINT": endpoint,
            "IDENTITY_HEADER": "coffer",
            "MSI_ENDPOINT": endpoint,
            "MSI_SECRET": "coffer",
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": self.control_url,
        }

    def environment(self, vault=None):
        """What `coffer env` prints: the vault, the identity, and the file of the certificate."""
        chosen = self.vault(vault or self.info()["vaults"][0]["name"])
        trust = ("NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
        return {
            "AZURE_KEYVAULT_URL": chosen.url,
            "AZURE_KEYVAULT_NAME": chosen.name,
            "KEY_VAULT_URI": chosen.url,
            **self.identity_environment(),
            "AZURE_AUTHORITY_HOST": f"https://login.localhost:{urlsplit(chosen.url).port}",
            **{name: str(self.ca_file) for name in trust},
        }
