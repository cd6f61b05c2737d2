# SPDX-License-Identifier: Apache-2.0
"""The client of a coffer that runs: what it refuses, and what its getters say."""

import os
import shutil
import socket
import ssl
import subprocess
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import pytest

from coffer_testing import Coffer, CofferError, LocalCoffer

BINARY = os.environ.get("COFFER") or shutil.which("coffer")


def test_a_refusal_has_status_code_and_words(coffer):
    with pytest.raises(CofferError, match="no vault named 'nobody'") as refused:
        coffer.vault("nobody")
    assert (refused.value.status, refused.value.code) == (404, "VaultNotFound")


def test_a_name_cannot_lead_to_another_path(coffer):
    with pytest.raises(CofferError) as refused:
        coffer.create_vault("../clock")
    assert (refused.value.status, refused.value.code) == (400, "BadParameter")


def test_a_fraction_of_a_second_is_refused_here(coffer):
    with pytest.raises(ValueError, match="whole seconds"):
        coffer.advance(timedelta(seconds=1.5))


def test_a_purge_is_refused_while_the_vault_is_protected(coffer):
    vault = coffer.create_vault("protected", purge_protection=True)
    coffer.delete_vault(vault.name)
    with pytest.raises(CofferError) as refused:
        coffer.purge_vault(vault.name)
    assert refused.value.status == 403
    coffer.reset(vault.name)
    assert coffer.vault(vault.name).state == "live"


def test_a_role_that_is_not_there_is_refused(coffer):
    coffer.create_vault("roles", access="rbac")
    with pytest.raises(CofferError, match="no role 'cook'"):
        coffer.grant("roles", "cook")
    with pytest.raises(CofferError, match="no such role assignment"):
        coffer.revoke("roles", "key-vault-reader")
    with pytest.raises(ValueError):
        coffer.grant("roles", "key-vault-reader", permissions=["get"])


def test_a_snapshot_that_is_not_there_cannot_be_put_back(coffer):
    with pytest.raises(CofferError, match="no snapshot named 'nothing'") as refused:
        coffer.restore("nothing")
    assert refused.value.status == 404
    with pytest.raises(CofferError) as refused:
        coffer.snapshot("../nothing")
    assert refused.value.status == 400


def test_a_snapshot_is_put_back_of_a_vault_and_of_all(coffer):
    for name in ("one", "two"):
        coffer.create_vault(name)
    assert coffer.snapshot("before")["name"] == "before"
    coffer.delete_vault("one")
    coffer.delete_vault("two")
    coffer.restore("before", vault="one")
    assert [coffer.vault(name).state for name in ("one", "two")] == ["live", "deleted"]
    coffer.restore("before")
    assert coffer.vault("two").state == "live"
    coffer.delete_snapshot("before")
    assert coffer.snapshots() == []
    coffer.reset()


def _access(coffer, vault):
    answer = coffer.ask("GET", f"/control/v1/vaults/{vault}/access")
    return answer["assignments"], answer["policies"]


def test_what_was_granted_is_taken_back(coffer):
    assert coffer.create_vault("granted", access="rbac").access == "rbac"
    who = coffer.object_id("service")
    assert who != coffer.object_id()
    name = coffer.grant("granted", "key-vault-reader", identity="service", key="k")
    coffer.grant("granted", permissions=["get"], principal=who)
    (role,), (policy,) = _access(coffer, "granted")
    assert (role["name"], role["principal"], role["scope"][-7:]) == (name, who, "/keys/k")
    assert (policy["principal"], policy["permissions"]) == (who, ["get"])
    coffer.revoke("granted", "key-vault-reader", identity="service", key="k")
    coffer.revoke("granted", identity="service")
    assert _access(coffer, "granted") == ([], [])


def test_nobody_there_is_an_os_error():
    with pytest.raises(OSError):
        Coffer("http://127.0.0.1:1").info()


class NotCoffer(BaseHTTPRequestHandler):
    """Something else that listens there."""

    def do_GET(self):
        self.send_error(502, "Bad Gateway")

    def log_message(self, *_):
        pass


def test_an_answer_that_is_not_coffers_is_a_refusal():
    server = HTTPServer(("127.0.0.1", 0), NotCoffer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with pytest.raises(CofferError) as refused:
            Coffer(f"http://127.0.0.1:{server.server_port}").info()
    finally:
        server.shutdown()
        server.server_close()
    assert (refused.value.status, refused.value.code) == (502, "Unknown")


def test_a_vault_lives_dies_returns_and_is_gone(coffer):
    vault = coffer.create_vault("life", retention=7)
    assert (vault.state, vault.kind, vault.retention) == ("live", "vault", 7)
    assert coffer.delete_vault("life").state == "deleted"
    assert coffer.recover_vault("life") == vault
    coffer.delete_vault("life")
    coffer.purge_vault("life")
    assert "life" not in [one.name for one in coffer.vaults()]


def test_a_managed_hsm_has_a_url_of_its_own(coffer):
    assert ".managedhsm.localhost:" in coffer.create_vault("pool", kind="hsm").url


def test_the_clock_moves_and_says_what_it_ran(coffer):
    coffer.create_vault("brief", retention=7)
    coffer.delete_vault("brief")
    answer = coffer.advance(timedelta(days=7, seconds=1))
    assert [(one["what"], one["vault"]) for one in answer["ran"]] == [("vault purge", "brief")]
    assert coffer.clock()["offset"] == 7 * 86400 + 1
    coffer.advance("P1D")
    coffer.advance(-86400)
    assert coffer.clock()["offset"] == 7 * 86400 + 1
    assert coffer.reset_clock()["offset"] == 0


def test_a_mapped_port_stands_in_the_urls_of_vaults(coffer):
    mapped = Coffer(coffer.control_url, https_port=4711)
    assert mapped.vault_url() == "https://dev.vault.localhost:4711"
    assert mapped.create_vault("mapped").url == "https://mapped.vault.localhost:4711"


def test_a_public_url_keeps_its_port():
    options = ["--public-url", "https://*.vault.internal:9443"]
    with LocalCoffer(BINARY, options) as public:
        mapped = Coffer(public.control_url, https_port=4711)
        assert mapped.vault_url() == "https://dev.vault.internal:9443"


def test_the_certificate_is_what_a_client_has_to_trust(coffer):
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(coffer, ssl.create_default_context(cadata=None))
    _shake_hands(coffer, ssl.create_default_context(cadata=coffer.ca_certificate))
    assert coffer.ca_file.read_text() == coffer.ca_certificate


def _shake_hands(coffer, context):
    url = urlsplit(coffer.vault_url())
    with socket.create_connection(("127.0.0.1", url.port), 10) as connection:
        context.wrap_socket(connection, server_hostname=url.hostname).close()


def test_close_removes_the_file(coffer):
    other = Coffer(coffer.control_url)
    path = other.ca_file
    other.close()
    assert not path.parent.exists()
    assert other.ca_file.exists()
    other.close()


def test_the_environment_is_that_of_coffer_env(coffer):
    printed = subprocess.run(
        [BINARY, "env", "--control", coffer.control_url, "--ca-file", str(coffer.ca_file)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout
    ours = [f"export {name}='{value}'" for name, value in coffer.environment().items()]
    assert sorted(ours) == sorted(printed.splitlines())


def test_reset_leaves_what_the_options_say(coffer):
    coffer.create_vault("more")
    coffer.advance(60)
    coffer.reset()
    assert [one.name for one in coffer.vaults()] == ["dev"]
    assert coffer.clock()["offset"] == 0
