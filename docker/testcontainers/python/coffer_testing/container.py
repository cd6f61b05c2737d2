# SPDX-License-Identifier: Apache-2.0
"""A coffer in a container, started by Testcontainers: pip install 'pytest-coffer[container]'."""

from functools import cached_property

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

from coffer_testing.server import Coffer

HTTPS_PORT = 8443
CONTROL_PORT = 8080


class CofferContainer(DockerContainer):
    """The image of coffer, with state that is gone at the end.

    `vaults` are what `--vault` takes: "dev", "pool,kind=hsm". Once it is started, `coffer` is the
    client of it. `control_token` becomes its --control-token. Every option of `coffer serve` is a variable: with_env("COFFER_DELETION_LAG", "2s").

        with CofferContainer() as container:
            url = container.get_vault_url()
            container.coffer.advance("P90D")
    """

    def __init__(self, image="coffer", vaults=("dev",), control_token=None, **kwargs):
        super().__init__(image, **kwargs)
        self._control_token = control_token
        if control_token:
            self.with_env("COFFER_CONTROL_TOKEN", control_token)
        self.with_exposed_ports(HTTPS_PORT, CONTROL_PORT)
        self.with_env("COFFER_EPHEMERAL", "true")
        self.with_env("COFFER_VAULT", " ".join(vaults))
        self.waiting_for(HttpWaitStrategy(CONTROL_PORT, "/ready").for_status_code(200))

    def get_control_url(self):
        """Where the control port is, for this process."""
        return f"http://{self.get_container_host_ip()}:{self.get_exposed_port(CONTROL_PORT)}"

    @cached_property
    def coffer(self):
        """The coffer that runs in the container: vaults, clock, certificate, credentials."""
        return Coffer(
            self.get_control_url(),
            https_port=self.get_exposed_port(HTTPS_PORT),
            control_token=self._control_token,
        )

    def get_vault_url(self, name=None):
        """The URL of a vault; without a name of the first one."""
        return self.coffer.vault_url(name)

    def stop(self, *args, **kwargs):
        """Removes the container, and the files of `coffer`."""
        started = self.__dict__.pop("coffer", None)
        if started is not None:
            started.close()
        super().stop(*args, **kwargs)
