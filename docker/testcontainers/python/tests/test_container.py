# SPDX-License-Identifier: Apache-2.0
"""What the container is told, without an engine; none of these tests starts one."""

import pytest

pytest.importorskip("testcontainers", reason="testcontainers is not installed")

from testcontainers.core.docker_client import DockerClient
from testcontainers.core.wait_strategies import HttpWaitStrategy

from coffer_testing.container import CofferContainer


@pytest.fixture(autouse=True)
def without_an_engine(monkeypatch):
    monkeypatch.setattr(DockerClient, "__init__", lambda self, **_: None)


def test_it_is_the_image_with_both_ports_and_no_lasting_state():
    container = CofferContainer()
    assert container.image == "coffer"
    assert set(container.ports) == {"8443", "8080"}
    assert container.env == {"COFFER_EPHEMERAL": "true", "COFFER_VAULT": "dev"}


def test_image_vaults_and_options_can_be_said():
    container = CofferContainer("mirror/coffer:scratch", vaults=["dev", "pool,kind=hsm"])
    container.with_env("COFFER_DELETION_LAG", "2s")
    assert container.image == "mirror/coffer:scratch"
    assert container.env["COFFER_VAULT"] == "dev pool,kind=hsm"
    assert container.env["COFFER_DELETION_LAG"] == "2s"


class Mapped(CofferContainer):
    """As if it had been started: its ports are those of a coffer that runs."""

    def __init__(self, coffer):
        super().__init__()
        self.running = coffer

    def get_container_host_ip(self):
        return "127.0.0.1"

    def get_exposed_port(self, port):
        info = self.running.info()
        return {8443: info["port"], 8080: info["control_port"]}[port]


def test_it_waits_for_ready_on_the_control_port(coffer):
    container = Mapped(coffer)
    strategy = container._wait_strategy
    assert isinstance(strategy, HttpWaitStrategy)
    strategy.with_startup_timeout(10).wait_until_ready(container)
    assert strategy._build_url(container) == f"{coffer.control_url}/ready"


def test_its_client_has_the_mapped_ports(coffer):
    container = Mapped(coffer)
    assert container.get_control_url() == coffer.control_url
    assert container.get_vault_url() == coffer.vault_url()
    assert container.coffer.vault("dev") == coffer.vault("dev")


def test_stop_removes_the_file_of_the_certificate(coffer):
    container = Mapped(coffer)
    path = container.coffer.ca_file
    container.get_docker_client = lambda: type("Engine", (), {"client": open("/dev/null")})
    container.stop()
    assert not path.exists()
