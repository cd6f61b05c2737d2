# SPDX-License-Identifier: Apache-2.0
"""The pytest plug-in: one coffer a session, one vault a test, failures, and all as it was afterwards.

With pytest-xdist each worker has a coffer of its own, so no test sees another's clock.
"""

import os
import re
import secrets
import shutil
from urllib.parse import quote

import pytest

from coffer_testing.failures import Journal
from coffer_testing.program import LocalCoffer
from coffer_testing.server import Coffer, CofferError

# name, what for; each is an option of the command line and a line of the ini file.
SETTINGS = (
    ("coffer-url", "control URL of a coffer that runs already; nothing is started then"),
    ("coffer-binary", "the program, in place of $COFFER and of the coffer in PATH"),
    ("coffer-image", "has coffer run in a container of this image, though there is a program"),
)

MARKER = "coffer(kind=, sku=, retention=, purge_protection=, access=): the settings of the test's coffer_vault"


def pytest_addoption(parser):
    group = parser.getgroup("coffer", "a local stand-in for Azure Key Vault keys")
    for name, purpose in SETTINGS:
        group.addoption(f"--{name}", default=None, metavar=name[7:].upper(), help=purpose)
        parser.addini(name.replace("-", "_"), purpose, default="")
    parser.addini("coffer_options", "further options of `coffer serve`", type="args", default=[])


def pytest_configure(config):
    config.addinivalue_line("markers", MARKER)


def _setting(config, name):
    return config.getoption(name) or config.getini(name)


def _start_program(config, binary):
    try:
        return LocalCoffer(binary, config.getini("coffer_options"))
    except RuntimeError as error:
        pytest.fail(str(error), pytrace=False)


def _find_program(config):
    return (
        _setting(config, "coffer_binary") or os.environ.get("COFFER") or shutil.which("coffer")
    )


def _container(config, image):
    try:
        from coffer_testing.container import CofferContainer
    except ImportError as error:
        pytest.fail(
            "there is no coffer: neither --coffer-url, --coffer-binary nor $COFFER is given, none "
            f"is in PATH, and there is no Testcontainers to start one in a container ({error})",
            pytrace=False,
        )
    container = CofferContainer(image)
    options = config.getini("coffer_options")
    return container.with_command(["serve", *options]) if options else container


@pytest.fixture(scope="session")
def coffer(request):
    """A coffer that runs for the whole session (of a worker)."""
    config = request.config
    url = _setting(config, "coffer_url")
    image = _setting(config, "coffer_image")
    binary = None if image else _find_program(config)
    if url:
        with Coffer(url) as running:
            yield running
    elif binary:
        with _start_program(config, binary) as running:
            yield running
    else:
        with _container(config, image or "coffer") as container:
            yield container.coffer


def _is_as_before(after, before):
    """A clock that is faster than the system's gets ahead of it by itself."""
    told = ["frozen", "rate", "tokens_aged"] + (["offset"] if before["rate"] == 1 else [])
    return all(after[name] == before[name] for name in told)


def _put_clock_back(coffer, before):
    after = coffer.clock()
    if _is_as_before(after, before):
        return
    if before["mode"] == "system" and before["tokens_aged"] == 0:
        coffer.reset_clock()  # tokens that were aged are good again
    elif before["frozen"]:
        coffer.set_clock(set=before["now"], frozen=True, rate=before["rate"])
    else:
        coffer.set_clock(frozen=False, rate=before["rate"])
        coffer.advance(before["offset"] - coffer.clock()["offset"])


def _remove_vault(coffer, name):
    """Whatever the test has done with it. One with purge protection is left empty and deleted."""
    try:
        if coffer.vault(name).state == "live":
            coffer.delete_vault(name)
        if not coffer.vault(name).purge_protection:
            coffer.purge_vault(name)
            return
        coffer.reset(name)
        coffer.delete_vault(name)
    except CofferError as error:
        if error.status != 404:  # the test has purged it, or the clock has
            raise


@pytest.fixture(autouse=True)
def _coffer_clock(request):
    """Takes failures back, and puts the clock back, after each test that has to do with coffer, behind
    all that it used."""
    if "coffer" not in request.fixturenames:
        yield
        return
    coffer = request.getfixturevalue("coffer")
    before = coffer.clock()
    yield
    coffer.revert()
    _put_clock_back(coffer, before)


@pytest.fixture
def coffer_vault(coffer, request):
    """An empty vault for one test; the marker `coffer` has its settings. It is purged afterwards."""
    marker = request.node.get_closest_marker("coffer")
    vault = coffer.create_vault(f"t-{secrets.token_hex(8)}", **(marker.kwargs if marker else {}))
    yield vault
    coffer.revert()  # what was done to the vault, while it is there
    _remove_vault(coffer, vault.name)


@pytest.fixture
def coffer_environment(coffer, coffer_vault, monkeypatch):
    """The variables of `coffer env` for the test's vault, set while the test runs.

    DefaultAzureCredential and the SDK's clients need nothing more.
    """
    variables = coffer.environment(coffer_vault.name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


# Requests for tokens go to no vault.
_TOKENS = re.compile("imds|appService|arc|authority")


def _is_of_no_vault(members):
    operations = members.get("operation", ())
    operations = [operations] if isinstance(operations, str) else operations
    return members.get("stage") == "connection" or any(map(_TOKENS.match, operations))


@pytest.fixture
def fault(coffer, coffer_vault):
    """fault(operation="getKey", times=2, status=429, retry_after=1): Coffer.fault() for this test.

    It is for the test's vault, unless `vault` names others (None: all), and is gone afterwards.
    """

    def add(**members):
        if "vault" not in members and not _is_of_no_vault(members):
            members["vault"] = coffer_vault.name
        return coffer.fault(**{name: value for name, value in members.items() if value is not None})

    return add


@pytest.fixture
def scenario(coffer, coffer_vault):
    """scenario("key-disabled", key="cmk"): Coffer.scenario() in the test's vault, reverted afterwards."""

    def apply(name, **parameters):
        known = coffer.ask("GET", f"/control/v1/scenarios/{quote(name, safe='')}")["parameters"]
        if any(one["name"] == "vault" for one in known):
            parameters.setdefault("vault", coffer_vault.name)
        return coffer.scenario(name, **parameters)

    return apply


@pytest.fixture
def journal(coffer, coffer_vault):
    """What clients did in the test's vault: a Journal."""
    return Journal(coffer, vault=coffer_vault.name)
