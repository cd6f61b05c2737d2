// SPDX-License-Identifier: Apache-2.0
package example.coffer.testcontainers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.dockerjava.api.command.InspectContainerResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.ContainerLaunchException;

/** What the container is told, without an engine; none of these tests starts one. */
class CofferContainerTest {
    /** As if it had been started: its ports are those of a coffer that runs. */
    private static final class Mapped extends CofferContainer {
        private final Map<Integer, Integer> ports;

        Mapped(Map<Integer, Integer> ports) {
            this.ports = ports;
        }

        @Override
        public String getHost() {
            return "127.0.0.1";
        }

        @Override
        public Integer getMappedPort(int port) {
            return ports.get(port);
        }

        @Override
        public String getContainerId() {
            return "none";
        }

        @Override
        public InspectContainerResponse getContainerInfo() {
            return new InspectContainerResponse();
        }

        void waitUntilItIsReady(Duration limit) {
            getWaitStrategy().withStartupTimeout(limit).waitUntilReady(this);
        }
    }

    private static Coffer running() {
        return new Coffer(System.getenv("COFFER_CONTROL_URL"));
    }

    private static String imageOf(CofferContainer container) {
        // The name is checked with the engine once it is asked for; what it would be is in the text.
        return container.getImage().toString();
    }

    @Test
    void itHasBothPortsAndNoLastingState() {
        try (var container = new CofferContainer()) {
            assertEquals(List.of(8443, 8080), container.getExposedPorts());
            assertEquals(Map.of("COFFER_EPHEMERAL", "true", "COFFER_VAULT", "dev"), container.getEnvMap());
            assertTrue(imageOf(container).contains("coffer:latest"), imageOf(container));
        }
    }

    @Test
    void imageVaultsAndOptionsCanBeSaid() {
        try (var container = new CofferContainer("mirror/coffer:scratch")) {
            container.withVaults("dev", "pool,kind=hsm").withEnv("COFFER_DELETION_LAG", "2s");
            assertEquals("dev pool,kind=hsm", container.getEnvMap().get("COFFER_VAULT"));
            assertEquals("2s", container.getEnvMap().get("COFFER_DELETION_LAG"));
            assertTrue(imageOf(container).contains("mirror/coffer:scratch"), imageOf(container));
        }
    }

    private Mapped mapped(int https, Object control) {
        return new Mapped(Map.of(8443, https, 8080, (Integer) control));
    }

    @Test
    void itWaitsForReadyOnTheControlPort() {
        Object port = running().info().get("control_port");
        try (var ready = mapped(1, port);
                var elsewhere = mapped(1, 1)) {
            ready.waitUntilItIsReady(Duration.ofSeconds(10));
            assertThrows(
                    ContainerLaunchException.class, () -> elsewhere.waitUntilItIsReady(Duration.ofSeconds(1)));
        }
    }

    @Test
    void itsClientHasTheMappedPorts() {
        var coffer = running();
        try (var container = mapped(4711, coffer.info().get("control_port"))) {
            assertEquals(coffer.controlUrl(), container.getControlUrl());
            assertEquals("https://dev.vault.localhost:4711", container.getVaultUrl("dev"));
            assertEquals("dev", container.coffer().firstVault().name());
        }
    }
}
