# SPDX-License-Identifier: Apache-2.0
"""Failures on demand: what is refused, what clients see, and that nothing of it stays."""

import threading

import pytest
from azure.core.exceptions import HttpResponseError
from azure.keyvault.keys import KeyClient

from coffer_testing import CofferError


@pytest.fixture
def client(coffer, coffer_vault):
    trust = str(coffer.ca_file)
    with KeyClient(
        coffer_vault.url, coffer.credential(), connection_verify=trust, retry_backoff_factor=0.01
    ) as client:
        client.create_ec_key("cmk")
        yield client


def refused(client, status):
    with pytest.raises(HttpResponseError) as error:
        client.get_key("cmk")
    assert error.value.status_code == status


def test_a_member_that_there_is_not_is_refused_with_its_name(coffer, fault):
    with pytest.raises(CofferError, match="'colour' is not a member of effect"):
        fault(colour="red")
    with pytest.raises(CofferError, match="CKR_NO|no failure|PKCS#11"):
        coffer.hsm_fault("error", rv="CKR_NO")
    assert coffer.ask("GET", "/control/v1/faults")["rules"] == []


def test_a_rule_hits_so_many_requests_of_its_vault(coffer, fault, client, journal):
    rule = fault(operation="getKey", key="cmk", times=2, status=429, retry_after_ms=10)
    client.get_key("cmk")
    assert rule.hits == 2
    assert [one["status"] for one in journal.requests(operation="getKey")] == [429, 429, 200]
    assert coffer.ask("GET", f"/control/v1/faults/{rule.id}")["match"]["vault"].startswith("t-")


def test_a_rule_is_over_at_the_end_of_its_block_and_only_once(coffer, fault, client):
    with fault(error="FORBIDDEN_BY_RBAC") as rule:
        refused(client, 403)
    client.get_key("cmk")
    rule.revert()
    with fault(error="FORBIDDEN_BY_RBAC"):
        coffer.reset()  # has removed it, with all vaults
    assert coffer.ask("GET", "/control/v1/faults")["rules"] == []


def test_words_of_python_have_a_dash_below(coffer, fault):
    rule = fault(for_="PT1H", from_="2030-01-01", status=503)
    assert coffer.ask("GET", f"/control/v1/faults/{rule.id}")["when"] == {
        "for": "PT1H",
        "from": "2030-01-01",
    }


def test_a_rule_for_tokens_is_of_no_vault(coffer, fault):
    fault(operation="imdsToken", status=410)
    fault(operation=["appServiceToken", "arcToken"], status=500, times=1)
    with pytest.raises(CofferError) as error:
        coffer.token()
    assert error.value.status == 500
    assert coffer.token()


def test_an_hsm_fails_and_comes_back(coffer, client):
    with coffer.hsm_fault("token_removed"):
        with pytest.raises(HttpResponseError) as error:
            client.create_ec_key("other")
        assert error.value.status_code >= 500
    client.create_ec_key("other")


def test_an_expectation_fails_with_the_difference(client, journal):
    client.get_key("cmk")
    assert journal.expect(count=1, operation="getKey", status=200) == 1
    assert journal.expect(min=1, max=2, status=["2xx"]) == 2
    with pytest.raises(AssertionError, match="getKey"):
        journal.expect(count=3, operation="getKey")


def test_a_wait_ends_with_what_was_waited_for_or_says_that_it_did_not_come(client, journal):
    with pytest.raises(TimeoutError, match="0 of 1"):
        journal.wait(timeout=0.01, operation="getKey")
    since = journal.last()
    thread = threading.Timer(0.1, client.get_key, ("cmk",))
    thread.start()
    (entry,) = journal.wait(operation="getKey", since=since)
    thread.join()
    assert (entry["operation"], entry["key"], entry["status"]) == ("getKey", "cmk", 200)
    journal.clear()
    assert journal.requests() == []


def test_retries_are_told(fault, client, journal):
    fault(operation="getKey", times=1, status=429, retry_after=1)
    client.get_key("cmk")
    (setback,) = journal.retries(key="cmk")
    assert (setback["end"], setback["retries"], setback["obeyed_retry_after"]) == ("recovered", 1, True)


@pytest.fixture
def scenarios(coffer):
    try:
        return {one["name"]: one for one in coffer.ask("GET", "/control/v1/scenarios")["scenarios"]}
    except CofferError as error:
        assert error.status == 404
        pytest.skip("this coffer has no scenarios")


def test_a_scenario_is_of_the_vault_of_its_test_and_reverted(scenarios, client, scenario):
    with pytest.raises(CofferError) as unknown:
        scenario("boredom")
    assert unknown.value.status == 404
    with scenario("throttled", operation="getKey", retry_after=0) as throttled:
        assert throttled.status["applied"]
        assert throttled.status["with"]["vault"].startswith("t-")
        refused(client, 429)
    assert not throttled.status["applied"]
    client.get_key("cmk")
    throttled.revert()


def test_all_scenarios_are_reverted_at_once(scenarios, coffer, client, scenario):
    scenario("hsm-unavailable")
    scenario("key-deleted", key="cmk")
    refused(client, 404)
    coffer.revert()
    client.get_key("cmk")
    client.create_ec_key("other")
