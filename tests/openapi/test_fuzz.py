# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent to the control port: no answer of 5xx, none that the document does not describe,
and nothing accepted that it says is refused.

    OPENAPI_SECONDS   how long (40)
    OPENAPI_SEED      another seed than 1; `random`: a new one each time
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from daemon import running

SECONDS = int(os.environ.get("OPENAPI_SECONDS", "40"))
SEED = os.environ.get("OPENAPI_SEED", "1")
HERE = Path(__file__).parent
TOKEN = "a-token-for-the-fuzzer-0123456789"

# What the members of paths in the examples name.
VERSION = {"version": "0123456789abcdef0123456789abcdef", "kty": "EC", "crv": "P-256", "generate": True}
PREPARED = (
    ("PUT", "/control/v1/identities/app", {"type": "application"}),
    ("POST", "/control/v1/faults", {"id": "busy", "match": {"key": "k"}, "effect": {"status": 429}}),
    ("POST", "/control/v1/seed", {"keys": [{"vault": "dev", "name": "cmk", "versions": [VERSION]}]}),
    ("POST", "/control/v1/snapshots", {"name": "before"}),
)


def fuzz(daemon, tmp_path, *options, checks="all", seconds=SECONDS):
    for method, path, order in PREPARED:
        status, _, body = daemon.ask(method, path, order)
        assert status < 300, body
    seed = [] if SEED == "random" else ["--seed", SEED]
    said = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", f"{daemon.url}/control/v1/openapi.json"]
        + ["--checks", checks, "--max-time", str(seconds), "--request-timeout", "90"]
        + ["--max-response-time", "90", "--max-examples", "25", "--continue-on-failure", "--no-color", *seed, *options],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE)},
        cwd=tmp_path,  # it leaves things behind
        capture_output=True,
        text=True,
        timeout=10 * seconds + 120,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    assert "Test cases:" in said.stdout, said.stdout


def expect_sound(daemon):
    """After all that, everything can be put back, and works."""
    status, _, body = daemon.ask("POST", "/control/v1/reset", {})
    assert status == 204, body
    status, _, body = daemon.ask("GET", "/health")
    assert status == 200, body


# Which values go together is said by words of the refusals, not by the schemas; and a vault that was
# deleted is still there to be looked at, recovered and purged.
ALL_THAT_HOLD = (
    "--exclude-checks",
    "positive_data_acceptance,use_after_free,ensure_resource_availability",
)


def test_every_operation_answers_as_described(daemon, tmp_path):
    # An HSM that has been told to fail answers 503: it has a run of its own.
    fuzz(daemon, tmp_path, *ALL_THAT_HOLD, "--exclude-path-regex", "/hsm/faults")
    expect_sound(daemon)


def test_failures_of_the_hsm_are_ordered_as_described(daemon, tmp_path):
    only = ("--include-path-regex", "/control/v1/hsm")
    fuzz(daemon, tmp_path, *ALL_THAT_HOLD, *only, seconds=min(SECONDS, 15))
    expect_sound(daemon)


def test_nothing_is_done_without_the_token(tmp_path):
    with running(token=TOKEN) as daemon:
        status, _, _ = daemon.ask("GET", "/control/v1/info", headers={"Authorization": "Bearer x"})
        assert status == 401
        checks = "ignored_auth,not_a_server_error,status_code_conformance"
        header = ("--header", f"Authorization: Bearer {TOKEN}", "--phases", "examples,coverage")
        fuzz(daemon, tmp_path, *header, "--exclude-path-regex", "/hsm/faults", checks=checks)


def test_a_document_that_is_wrong_is_found_out(daemon, tmp_path):
    """The fuzzer sees what we want it to see."""
    import json

    document = daemon.document()
    document["servers"] = [{"url": daemon.url}]
    clock = document["components"]["schemas"]["Clock"]
    clock["properties"]["rate"] = {"type": "string"}
    (tmp_path / "wrong.json").write_text(json.dumps(document))
    said = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", "wrong.json", "--url", daemon.url]
        + ["--include-operation-id", "getClock", "--no-color", "--phases", "coverage"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert said.returncode == 1, said.stdout + said.stderr
    assert "Response violates schema" in said.stdout
