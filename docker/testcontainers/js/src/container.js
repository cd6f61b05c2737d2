// SPDX-License-Identifier: Apache-2.0
//
// A coffer in a container, started by Testcontainers.

import { AbstractStartedContainer, GenericContainer, Wait } from "testcontainers";
import { Coffer } from "./coffer.js";

export { Coffer, CofferError } from "./coffer.js";

const HTTPS_PORT = 8443;
const CONTROL_PORT = 8080;

/**
 * The image of coffer, with state that is gone at the end. Every option of `coffer serve` is a
 * variable: `withEnvironment({ COFFER_DELETION_LAG: "2s" })`.
 */
export class CofferContainer extends GenericContainer {
  /** @param {string} image the image that docs/container.md builds, under the name you gave it */
  constructor(image = "coffer") {
    super(image);
    this.withExposedPorts(HTTPS_PORT, CONTROL_PORT);
    this.withEnvironment({ COFFER_EPHEMERAL: "true" });
    this.withVaults("dev");
    this.withWaitStrategy(Wait.forHttp("/ready", CONTROL_PORT).forStatusCode(200));
  }

  /** The vaults there are at the start, in place of dev; each as `--vault` takes it. */
  withVaults(...specs) {
    return this.withEnvironment({ COFFER_VAULT: specs.join(" ") });
  }

  /** Has whoever gives it orders show this token: `--control-token`. */
  withControlToken(token) {
    this.controlToken = token;
    return this.withEnvironment({ COFFER_CONTROL_TOKEN: token });
  }

  async start() {
    return new StartedCofferContainer(await super.start(), this.controlToken);
  }
}

/** A container that runs; `coffer` is the client of it. */
export class StartedCofferContainer extends AbstractStartedContainer {
  coffer;

  constructor(started, controlToken) {
    super(started);
    const httpsPort = this.getMappedPort(HTTPS_PORT);
    this.coffer = new Coffer(this.getControlUrl(), { httpsPort, controlToken });
  }

  /** Where the control port is, for this process. */
  getControlUrl() {
    return `http://${this.getHost()}:${this.getMappedPort(CONTROL_PORT)}`;
  }

  /** The URL of a vault; without a name of the first one. */
  getVaultUrl(name) {
    return this.coffer.vaultUrl(name);
  }

  /** Called by stop(). */
  async containerStopped() {
    await this.coffer.close();
  }
}
