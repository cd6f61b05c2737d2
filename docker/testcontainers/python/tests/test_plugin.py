# SPDX-License-Identifier: Apache-2.0
"""The plug-in seen from outside: sessions of pytest that use it."""

import json
import os

import pytest

RECORD = """
    import json, pathlib
    def record(**facts):
        with open("record", "a") as file:
            file.write(json.dumps(facts) + "\\n")
"""


def recorded(pytester):
    return [json.loads(line) for line in (pytester.path / "record").read_text().splitlines()]


@pytest.fixture
def session(pytester):
    pytester.makepyfile(helper=RECORD)
    pytester.syspathinsert()
    return pytester


def run(session, *arguments):
    return session.runpytest_inprocess("-p", "no:cacheprovider", *arguments)


def run_apart(session, *arguments):
    """In a process of its own, as users have it, where the plug-in comes by its entry point alone."""
    return session.runpytest_subprocess("-p", "no:cacheprovider", *arguments, timeout=60)


def test_no_coffer_at_all_is_an_error_that_says_so(session, monkeypatch):
    session.makepyfile("def test_it(coffer): pass")
    session.makepyfile(testcontainers="raise ImportError('not here')")
    monkeypatch.delenv("COFFER", raising=False)
    monkeypatch.setenv("PATH", "/nonexistent")
    result = run_apart(session)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*there is no coffer: *COFFER*PATH*Testcontainers*not here*"])


def test_a_program_that_does_not_start_is_an_error_with_its_words(session):
    session.makepyfile("def test_it(coffer): pass")
    session.makeini("[pytest]\ncoffer_options = --no-such-option")
    result = run(session)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*did not become ready*", "*--no-such-option*"])


def test_a_setting_that_is_wrong_is_an_error_of_the_test(session):
    session.makepyfile(
        """
        import pytest
        @pytest.mark.coffer(retention=3)
        def test_it(coffer_vault): pass
        """
    )
    result = run(session)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*CofferError*retention*"])


def test_without_the_fixtures_nothing_is_started(session):
    session.makepyfile("def test_it(): pass")
    run_apart(session, "--coffer-binary=/nonexistent").assert_outcomes(passed=1)


def test_a_session_has_one_coffer_and_each_test_a_vault(session):
    session.makepyfile(
        """
        import pytest
        from helper import record
        @pytest.mark.parametrize("turn", range(3))
        def test_it(coffer, coffer_vault, turn):
            names = [one.name for one in coffer.vaults()]
            record(url=coffer.control_url, vault=coffer_vault.name, names=names)
        """
    )
    run(session).assert_outcomes(passed=3)
    turns = recorded(session)
    assert len({turn["url"] for turn in turns}) == 1
    assert len({turn["vault"] for turn in turns}) == 3
    assert all(turn["names"] == ["dev", turn["vault"]] for turn in turns)


def test_the_coffer_is_gone_after_the_session(session):
    session.makepyfile(
        """
        from helper import record
        def test_it(coffer): record(pid=coffer.info()["pid"], file=str(coffer.ca_file))
        """
    )
    run_apart(session).assert_outcomes(passed=1)
    (turn,) = recorded(session)
    assert not os.path.exists(turn["file"])
    with pytest.raises(ProcessLookupError):
        os.kill(turn["pid"], 0)


# What a test may have done to its vault or the clock; the one after it must not see it.
DEEDS = {
    "moved the clock": "coffer.advance('P1000D')",
    "moved it back": "coffer.advance('-P1D')",
    "made it faster": "coffer.set_clock(rate=60)",
    "aged the tokens": "coffer.advance('P1D', tokens='age')",
    "stopped the clock": "coffer.set_clock(frozen=True)",
    "deleted the vault": "coffer.delete_vault(coffer_vault.name)",
    "purged it": "coffer.delete_vault(coffer_vault.name); coffer.purge_vault(coffer_vault.name)",
    "let it expire": "coffer.delete_vault(coffer_vault.name); coffer.advance('P91D')",
    "failed": "coffer.advance('P1D'); assert False",
}


def test_nothing_that_a_test_did_is_seen_by_the_next_one(session):
    session.makepyfile(
        f"""
        import pytest
        from helper import record
        @pytest.fixture(autouse=True)
        def look(coffer, _coffer_clock):
            clock = coffer.clock()
            names = [one.name for one in coffer.vaults()]
            record(offset=clock["offset"], frozen=clock["frozen"], names=names)
        @pytest.mark.parametrize("deed", {list(DEEDS.values())!r})
        def test_it(coffer, coffer_vault, deed): exec(deed)
        def test_last(coffer): pass
        """
    )
    run(session).assert_outcomes(passed=len(DEEDS), failed=1)
    turns = recorded(session)
    assert len(turns) == len(DEEDS) + 1
    for turn in turns:
        assert turn == {"offset": 0, "frozen": False, "names": ["dev"]}


def test_a_clock_moved_without_a_vault_is_put_back_too(session):
    session.makepyfile(
        """
        def test_one(coffer): coffer.advance("P1D")
        def test_two(coffer): assert coffer.clock()["offset"] == 0
        """
    )
    run(session).assert_outcomes(passed=2)


def test_a_protected_vault_is_left_empty_and_deleted(session):
    session.makepyfile(
        """
        import pytest
        @pytest.mark.coffer(purge_protection=True)
        def test_one(coffer_vault): assert coffer_vault.purge_protection
        def test_two(coffer):
            assert [one.state for one in coffer.vaults() if one.purge_protection] == ["deleted"]
        """
    )
    run(session).assert_outcomes(passed=2)


def test_a_coffer_that_runs_is_used_and_left_as_it_was(session, coffer):
    coffer.create_vault("kept")
    coffer.advance("P1D")
    session.makepyfile(
        """
        def test_one(coffer, coffer_vault):
            assert coffer.vault("kept").state == "live"
            coffer.advance("P1D")
        def test_two(coffer): assert coffer.clock()["offset"] == 86400
        """
    )
    run(session, f"--coffer-url={coffer.control_url}").assert_outcomes(passed=2)
    assert coffer.clock()["offset"] == 86400
    assert [one.name for one in coffer.vaults()] == ["dev", "kept"]
    coffer.reset()


def test_each_worker_of_xdist_has_a_coffer_of_its_own(session):
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    session.makepyfile(
        """
        import os, pytest
        from helper import record
        @pytest.mark.parametrize("turn", range(4))
        def test_it(coffer, coffer_vault, turn):
            assert coffer.clock()["offset"] == 0
            coffer.advance(3600)
            record(worker=os.environ["PYTEST_XDIST_WORKER"], url=coffer.control_url)
        """
    )
    run_apart(session, "-n2", "--dist=each").assert_outcomes(passed=8)
    turns = recorded(session)
    assert len({turn["url"] for turn in turns}) == 2
    assert len({(turn["worker"], turn["url"]) for turn in turns}) == 2


def test_options_of_serve_come_from_the_ini_file(session):
    session.makeini("[pytest]\ncoffer_options = --vault first --vault second,kind=hsm")
    session.makepyfile(
        """
        def test_it(coffer):
            assert [one.name for one in coffer.vaults()] == ["first", "second"]
        """
    )
    run(session).assert_outcomes(passed=1)


def test_no_failure_outlives_its_test(session):
    session.makepyfile(
        """
        import pytest
        def look(coffer):
            rules = coffer.ask("GET", "/control/v1/faults")["rules"]
            return rules + coffer.ask("GET", "/control/v1/hsm/faults")["faults"]
        def test_one(coffer, fault):
            fault(status=503)
            coffer.fault(vault="dev", status=503)
            coffer.hsm_fault("pin_locked")
            assert len(look(coffer)) == 3
        def test_that_fails(coffer, fault):
            assert look(coffer) == []
            fault(hang=True)
            coffer.hsm_fault("token_removed")
            assert False
        def test_last(coffer):
            assert look(coffer) == []
            assert [one.name for one in coffer.vaults()] == ["dev"]
        """
    )
    run(session).assert_outcomes(passed=2, failed=1)
