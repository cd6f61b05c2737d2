// SPDX-License-Identifier: Apache-2.0
package example.coffer.testcontainers;

import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * The image of coffer, with state that is gone at the end. Every option of {@code coffer serve} is a
 * variable: {@code withEnv("COFFER_DELETION_LAG", "2s")}.
 */
public class CofferContainer extends GenericContainer<CofferContainer> {
    private static final int HTTPS_PORT = 8443;
    private static final int CONTROL_PORT = 8080;

    private String controlToken = System.getenv("COFFER_CONTROL_TOKEN");

    /** A container of the image that docs/container.md builds. */
    public CofferContainer() {
        this("coffer");
    }

    /** A container of an image of this name. */
    public CofferContainer(String image) {
        this(DockerImageName.parse(image));
    }

    /** A container of an image of this name. */
    @SuppressWarnings("this-escape") // as every module of Testcontainers does it
    public CofferContainer(DockerImageName image) {
        super(image);
        withExposedPorts(HTTPS_PORT, CONTROL_PORT);
        withEnv("COFFER_EPHEMERAL", "true");
        withVaults("dev");
        waitingFor(Wait.forHttp("/ready").forPort(CONTROL_PORT).forStatusCode(200));
    }

    /** The vaults there are at the start, in place of dev; each as {@code --vault} takes it. */
    public CofferContainer withVaults(String... specs) {
        return withEnv("COFFER_VAULT", String.join(" ", specs));
    }

    /** Has whoever gives it orders show this token: {@code --control-token}. */
    public CofferContainer withControlToken(String token) {
        controlToken = token;
        return withEnv("COFFER_CONTROL_TOKEN", token);
    }

    /** Where the control port is, for this process. */
    public String getControlUrl() {
        return "http://" + getHost() + ":" + getMappedPort(CONTROL_PORT);
    }

    /** The URL of a vault. */
    public String getVaultUrl(String name) {
        return coffer().vaultUrl(name);
    }

    /** The client of the coffer that runs in the container. */
    public Coffer coffer() {
        return new Coffer(getControlUrl(), getMappedPort(HTTPS_PORT), controlToken);
    }
}
