// SPDX-License-Identifier: Apache-2.0
//
// What the container is told, without an engine; none of these tests starts one.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { Coffer, CofferContainer, StartedCofferContainer } from "../src/container.js";

const coffer = new Coffer(process.env.COFFER_CONTROL_URL);
const { port, control_port: controlPort } = await coffer.info();

// As if it had been started: its ports are those of a coffer that runs.
const started = {
  getHost: () => "127.0.0.1",
  getMappedPort: (inside) => ({ 8443: port, 8080: controlPort })[inside],
  stop: async () => {},
};

test("it is the image with both ports and no lasting state", () => {
  const container = new CofferContainer();
  assert.equal(container.imageName.string, "coffer:latest");
  assert.deepEqual(container.exposedPorts, [8443, 8080]);
  assert.deepEqual(container.environment, { COFFER_EPHEMERAL: "true", COFFER_VAULT: "dev" });
});

test("image, vaults and options can be said", () => {
  const container = new CofferContainer("mirror/coffer:scratch")
    .withVaults("dev", "pool,kind=hsm")
    .withEnvironment({ COFFER_DELETION_LAG: "2s" });
  assert.equal(container.imageName.string, "mirror/coffer:scratch");
  assert.equal(container.environment.COFFER_VAULT, "dev pool,kind=hsm");
  assert.equal(container.environment.COFFER_DELETION_LAG, "2s");
});

test("a control token is told to coffer", () => {
  const container = new CofferContainer().withControlToken("0123456789abcdef");
  assert.equal(container.environment.COFFER_CONTROL_TOKEN, "0123456789abcdef");
});

test("it waits for ready on the control port", () => {
  const { waitStrategy } = new CofferContainer();
  assert.equal(waitStrategy.constructor.name, "HttpWaitStrategy");
  assert.equal(waitStrategy.path, "/ready");
  assert.equal(waitStrategy.port, 8080);
});

test("what it waits for is there in a coffer that runs", async () => {
  const { waitStrategy } = new CofferContainer();
  const answer = await fetch(coffer.controlUrl + waitStrategy.path);
  assert.equal(waitStrategy.predicates.length, 1);
  assert.ok(await waitStrategy.predicates[0](answer));
});

test("the client of a started one has the mapped ports", async () => {
  const container = new StartedCofferContainer(started);
  assert.equal(container.getControlUrl(), coffer.controlUrl);
  assert.equal(await container.getVaultUrl(), await coffer.vaultUrl());
  assert.deepEqual(await container.coffer.vault("dev"), await coffer.vault("dev"));
});

test("stop removes the file of the certificate", async () => {
  const container = new StartedCofferContainer(started);
  const path = await container.coffer.caFile();
  await container.stop();
  assert.ok(!existsSync(path));
});
