// SPDX-License-Identifier: Apache-2.0
//
// The 26 scenarios of docs/scenarios.md, and what an application sees of each.
//
//   npm install --save-dev testcontainers-coffer @azure/keyvault-keys
//   coffer serve --ephemeral --vault dev &
//   COFFER_CONTROL_URL=http://127.0.0.1:8080 node --test scenarios.test.mjs
//
// One row for each: what happens, what the application does meanwhile, and what comes of it. Copy the
// rows that your application has to survive, and put your own code in place of the functions.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { CryptographyClient, KeyClient } from "@azure/keyvault-keys";
import { Coffer } from "testcontainers-coffer/coffer";

const VAULT = "dev";
const RSA = "RSA-OAEP-256";
const DATA_KEY = Uint8Array.from({ length: 32 }, (_, i) => i);

const coffer = new Coffer(process.env.COFFER_CONTROL_URL ?? "http://127.0.0.1:8080");

// As credentials do, it keeps its token.
function keepingCredential() {
  const credential = coffer.credential();
  let token;
  return { getToken: async (scopes) => (token ??= await credential.getToken(scopes)) };
}

// Yours. It wraps its data key by a key of the vault, as customer-managed keys do.
class Application {
  async start() {
    const own = await coffer.ask("PUT", "/control/v1/identities/app", { type: "user-assigned" });
    this.clientId = own.client_id;
    this.credential = keepingCredential();
    this.options = {
      tlsOptions: { ca: await coffer.caCertificate() },
      retryOptions: { maxRetries: 0 },
    };
    this.keys = new KeyClient(await coffer.vaultUrl(VAULT), this.credential, this.options);
    this.key = await this.keys.createRsaKey("cmk");
    this.curve = await this.keys.createEcKey("ec");
    this.wrapped = (await this.byServer(this.key).wrapKey(RSA, DATA_KEY)).result;
  }

  // By its id alone, so that nothing is done on this side with the public key.
  byServer(key) {
    return new CryptographyClient(key.id, this.credential, this.options);
  }

  get() {
    return this.keys.getKey("cmk", { abortSignal: AbortSignal.timeout(2000) });
  }

  async getTwice() {
    return [await this.get(), await this.get()];
  }

  update() {
    return this.keys.updateKeyProperties("cmk", { tags: { a: "b" } });
  }

  async unwrap() {
    return (await this.byServer(this.key).unwrapKey(RSA, this.wrapped)).result;
  }

  async sign() {
    return (await this.byServer(this.curve).sign("ES256", DATA_KEY)).result;
  }

  // Anew, with an identity that is its own.
  logIn() {
    return coffer.credential(this.clientId).getToken("https://vault.azure.net/.default");
  }
}

// The status, error.code and error.innererror.code; undefined: there is none.
const refused = (statusCode, code, inner) => (promise) =>
  assert.rejects(promise, (error) => {
    const seen = [error.statusCode, error.code, error.details?.error?.innerError?.code];
    assert.deepEqual(seen, [statusCode, code, inner], error.message);
    return true;
  });

// An error with these members; a connection that was lost has no status.
const raised = (members) => (promise) => assert.rejects(promise, members);
const disconnected = raised((error) => error.statusCode === undefined && error.code !== undefined);

// No error, but something else than usual.
const returned = (isRight) => async (promise) => assert.ok(isRight(await promise));

const key = "cmk";
const rows = [
  ["key-disabled", { key }, "unwrap", refused(403, "Forbidden", "KeyDisabled")],
  ["key-expired", { key: "ec" }, "sign", raised({ message: /expired at/ })], // by the SDK, unasked
  ["key-deleted", { key }, "get", refused(404, "KeyNotFound")],
  ["key-purged", { key }, "unwrap", refused(404, "KeyNotFound")],
  ["vault-deleted", {}, "get", refused(404, "VaultNotFound")],
  ["policy-removed", { permission: "unwrapKey" }, "unwrap", refused(403, "Forbidden", "ForbiddenByPolicy")],
  ["role-removed", {}, "get", refused(403, "Forbidden", "ForbiddenByRbac")],
  ["operation-not-permitted", { key }, "unwrap", raised({ message: /Operation unwrapKey is not supported/ })],
  ["identity-lost", { identity: "app" }, "logIn", raised({ status: 400 })],
  ["tenant-moved", {}, "get", raised({ statusCode: 401 })],
  ["firewall-closed", {}, "get", refused(403, "Forbidden", "ForbiddenByFirewall")],
  ["public-access-off", {}, "get", refused(403, "Forbidden", "ForbiddenByConnection")],
  ["private-dns-missing", {}, "get", disconnected],
  ["throttled", { key }, "unwrap", refused(429, "Throttled")],
  ["server-error", {}, "get", refused(503, "ServiceUnavailable")],
  ["slow", { how: "never" }, "get", raised({ name: "AbortError" })],
  ["connection-failures", {}, "get", disconnected],
  ["rotated", { key }, "unwrap", refused(403, "Forbidden", "KeyDisabled")],
  ["wrong-key", { key }, "unwrap", refused(400, "BadParameter")],
  ["key-replaced", { key }, "get", returned((latest) => latest.keyType === "EC")],
  ["hsm-unavailable", {}, "unwrap", refused(503, "ServiceUnavailable")],
  ["clock-skew", {}, "get", raised({ statusCode: 401 })],
  ["region-failover", {}, "update", refused(403, "Forbidden")],
  ["permission-delay", {}, "getTwice", refused(403, "Forbidden", "ForbiddenByRbac")],
  ["wrong-plaintext", {}, "unwrap", returned((dataKey) => !Buffer.from(DATA_KEY).equals(dataKey))],
  ["leading-zero-signature", {}, "sign", returned((signature) => signature[0] === 0)],
];

describe("an application meets", () => {
  const app = new Application();

  before(() => app.start());

  for (const [name, parameters, act, see] of rows) {
    test(name, async (t) => {
      const { scenario } = await coffer.forTest(t, VAULT);
      const begun = await scenario(name, parameters);
      await see(app[act]());
      await begun.revert();
      assert.deepEqual(Buffer.from(await app.unwrap()), Buffer.from(DATA_KEY), "it works again");
    });
  }
});
