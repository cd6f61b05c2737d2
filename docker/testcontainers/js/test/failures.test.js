// SPDX-License-Identifier: Apache-2.0
//
// Failures on demand: COFFER_CONTROL_URL says where.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { KeyClient } from "@azure/keyvault-keys";
import { Coffer } from "../src/coffer.js";

const coffer = new Coffer(process.env.COFFER_CONTROL_URL);

const rules = async () => (await coffer.ask("GET", "/control/v1/faults")).rules;

afterEach(async () => {
  await coffer.revert();
  assert.deepEqual(await rules(), []);
  assert.deepEqual((await coffer.ask("GET", "/control/v1/hsm/faults")).faults, []);
  await coffer.reset();
});

async function makeClient() {
  const tlsOptions = { ca: await coffer.caCertificate() };
  const retryOptions = { retryDelayInMs: 10, maxRetryDelayInMs: 20 };
  const client = new KeyClient(await coffer.vaultUrl("dev"), coffer.credential(), { tlsOptions, retryOptions });
  await client.createEcKey("cmk");
  return client;
}

test("a member that there is not is refused with its name", async () => {
  await assert.rejects(coffer.fault({ colour: "red" }), /'colour' is not a member of effect/);
  await assert.rejects(coffer.hsmFault("bored"), { status: 400 });
  await assert.rejects(coffer.scenario("boredom"), { name: "CofferError", status: 404 });
});

test("a rule acts as often as it says, and on its vault alone", async (t) => {
  const client = await makeClient();
  const { fault, journal } = await coffer.forTest(t, "dev");
  const rule = await fault({ operation: "getKey", times: 1, status: 429, retry_after: 1 });
  await client.getKey("cmk");
  assert.equal(await rule.hits(), 1);
  assert.equal(await journal.expect({ operation: "getKey", status: [200, 429], count: 2 }), 2);
  await assert.rejects(journal.expect({ operation: "getKey", count: 5 }), /getKey/);
  const [setback] = await journal.retries({ key: "cmk" });
  assert.deepEqual([setback.end, setback.obeyed_retry_after], ["recovered", true]);
});

test("what a test has begun is over after it", async (t) => {
  await t.test("inside", async (inside) => {
    const { fault, hsmFault } = await coffer.forTest(inside, "dev");
    await fault({ status: 503 });
    await hsmFault("pin_locked");
    assert.equal((await rules()).length, 1);
  });
  assert.deepEqual(await rules(), []);
});

test("to take back twice, or after a reset, is fine", async () => {
  const rule = await coffer.fault({ vault: "dev", error: "FORBIDDEN_BY_RBAC" });
  const client = new KeyClient(await coffer.vaultUrl("dev"), coffer.credential(), {
    tlsOptions: { ca: await coffer.caCertificate() },
  });
  await assert.rejects(client.getKey("cmk"), { statusCode: 403 });
  await rule.revert();
  await rule.revert();
  await coffer.fault({ vault: "dev", hang: true });
  await coffer.reset();
});

test("a wait ends with what was waited for, or says that it did not come", async () => {
  const client = await makeClient();
  const journal = coffer.journal({ vault: "dev" });
  await assert.rejects(journal.wait({ operation: "getKey", timeout: 0.01 }), /0 of 1/);
  const since = await journal.last();
  const [[entry]] = await Promise.all([journal.wait({ operation: "getKey", since }), client.getKey("cmk")]);
  assert.deepEqual([entry.key, entry.status], ["cmk", 200]);
  await journal.clear();
  assert.deepEqual(await journal.requests(), []);
});

test("scenarios are of the vault where they have one, and are reverted", async (t) => {
  try {
    await coffer.ask("GET", "/control/v1/scenarios");
  } catch {
    return t.skip("this coffer has no scenarios");
  }
  const client = await makeClient();
  const { scenario } = await coffer.forTest(t, "dev");
  await scenario("hsm-unavailable");
  const deleted = await scenario("key-deleted", { key: "cmk" });
  assert.equal((await deleted.status()).applied, true);
  await assert.rejects(client.getKey("cmk"), { statusCode: 404 });
  await deleted.revert();
  await deleted.revert();
  await client.getKey("cmk");
  await coffer.revert();
  await client.createEcKey("other");
});
