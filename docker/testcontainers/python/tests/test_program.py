# SPDX-License-Identifier: Apache-2.0
"""A coffer of one's own: how its start can fail, and that nothing of it stays."""

import os
import shutil

import pytest

from coffer_testing import Coffer, CofferError, LocalCoffer

BINARY = os.environ.get("COFFER") or shutil.which("coffer")


def test_a_program_that_is_not_there_is_named():
    with pytest.raises(RuntimeError, match="/nonexistent/coffer cannot be started"):
        LocalCoffer("/nonexistent/coffer")


def test_a_program_that_is_not_coffer_does_not_become_ready():
    with pytest.raises(RuntimeError, match="did not become ready"):
        LocalCoffer("/bin/echo")


def test_a_wrong_option_is_shown_as_coffer_says_it():
    with pytest.raises(RuntimeError, match="--no-such"):
        LocalCoffer(BINARY, ["--no-such"])


def test_settings_of_another_coffer_in_the_environment_do_no_harm(monkeypatch):
    monkeypatch.setenv("COFFER_PUBLIC_URL", "https://elsewhere.example")
    monkeypatch.setenv("COFFER_VAULT", "elsewhere")
    with LocalCoffer(BINARY) as running:
        assert [one.name for one in running.vaults()] == ["dev"]
        assert ".vault.localhost:" in running.vault_url()


def test_it_ends_in_order_and_does_not_answer_any_more():
    running = LocalCoffer(BINARY, ["--vault", "one", "--vault", "two"])
    assert [one.name for one in running.vaults()] == ["one", "two"]
    assert running.stop() == 0
    assert running.stop() == 0
    with pytest.raises(OSError):
        Coffer(running.control_url).info()


def test_a_control_token_is_wanted_and_shown():
    token = "a-token-of-the-tests-0123456789"
    with LocalCoffer(BINARY, control_token=token) as running:
        assert [one.name for one in running.vaults()] == ["dev"]
        assert running.token()
        with pytest.raises(CofferError) as refused:
            Coffer(running.control_url).info()
        assert refused.value.status == 401
        assert Coffer(running.control_url, control_token=token).info()


def test_a_control_token_comes_from_the_environment(monkeypatch):
    token = "a-token-of-the-tests-0123456789"
    with LocalCoffer(BINARY, control_token=token) as running:
        monkeypatch.setenv("COFFER_CONTROL_TOKEN", token)
        assert Coffer(running.control_url).info()
