# SPDX-License-Identifier: Apache-2.0
"""A coffer of one's own: how its start can fail, and that nothing of it stays."""

import os
import shutil

import pytest

from coffer_testing import Coffer, LocalCoffer

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
