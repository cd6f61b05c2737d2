// SPDX-License-Identifier: Apache-2.0
//
// The client of a coffer that runs: COFFER_CONTROL_URL says where.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:tls";
import { afterEach, test } from "node:test";
import { KeyClient } from "@azure/keyvault-keys";
import { Coffer, CofferError } from "../src/coffer.js";

const coffer = new Coffer(process.env.COFFER_CONTROL_URL);

afterEach(async () => {
  await coffer.reset();
  await coffer.close();
});

test("a refusal has status, code and words", async () => {
  await assert.rejects(coffer.vault("nobody"), (error) => {
    assert.ok(error instanceof CofferError);
    assert.deepEqual([error.status, error.code], [404, "VaultNotFound"]);
    return /no vault named 'nobody'/.test(error.message);
  });
});

test("a name cannot lead to another path", async () => {
  await assert.rejects(coffer.createVault("../clock"), { status: 400, code: "BadParameter" });
});

test("a fraction of a second is refused", async () => {
  await assert.rejects(coffer.advance(1.5), { code: "BadParameter" });
});

test("a purge is refused while the vault is protected", async () => {
  await coffer.createVault("protected", { purge_protection: true });
  await coffer.deleteVault("protected");
  await assert.rejects(coffer.purgeVault("protected"), { status: 403 });
});

test("a role that is not there is refused", async () => {
  await coffer.createVault("roles", { access: "rbac" });
  await assert.rejects(coffer.grant("roles", { role: "cook" }), /no role 'cook'/);
  await assert.rejects(coffer.revoke("roles", { role: "owner" }), { status: 404 });
  await assert.rejects(coffer.revoke("roles"), { status: 404 });
  await assert.rejects(coffer.grant("roles", { role: "owner", permissions: [] }), TypeError);
});

test("what was granted to an identity is for its token, until it is taken back", async () => {
  const { url, access } = await coffer.createVault("granted", { access: "rbac" });
  const tlsOptions = { ca: await coffer.caCertificate() };
  const service = new KeyClient(url, coffer.credential("service"), { tlsOptions });
  const grant = { role: "key-vault-crypto-officer", identity: "service" };
  assert.equal(access, "rbac");
  await assert.rejects(service.createEcKey("cmk"), { statusCode: 403 });
  assert.ok(await coffer.grant("granted", grant));
  await service.createEcKey("cmk");
  await coffer.grant("granted", { permissions: ["get"], principal: await coffer.objectId("service") });
  await coffer.revoke("granted", { identity: "service" });
  await coffer.revoke("granted", grant);
  await assert.rejects(service.getKey("cmk"), { statusCode: 403 });
});

test("nobody there is no refusal", async () => {
  await assert.rejects(new Coffer("http://127.0.0.1:1").info(), TypeError);
});

test("an answer that is not coffer's is a refusal", async () => {
  const other = createServer((request, response) => response.writeHead(502).end("<html>"));
  await new Promise((listening) => other.listen(0, "127.0.0.1", listening));
  try {
    const client = new Coffer(`http://127.0.0.1:${other.address().port}`);
    await assert.rejects(client.info(), { name: "CofferError", status: 502, code: "Unknown" });
  } finally {
    other.closeAllConnections();
    other.close();
  }
});

test("orders alone show the control token", async () => {
  const shown = [];
  const other = createServer((request, response) => {
    shown.push(request.headers.authorization);
    response.end(request.url === "/ca.pem" ? "pem" : "{}");
  });
  await new Promise((listening) => other.listen(0, "127.0.0.1", listening));
  try {
    const url = `http://127.0.0.1:${other.address().port}`;
    const client = new Coffer(url, { controlToken: "0123456789abcdef" });
    await client.info();
    await client.caCertificate();
    await new Coffer(url).info();
    assert.deepEqual(shown, ["Bearer 0123456789abcdef", undefined, undefined]);
  } finally {
    other.closeAllConnections();
    other.close();
  }
});

test("a vault lives, dies, returns and is gone", async () => {
  const vault = await coffer.createVault("life", { retention: 7 });
  assert.deepEqual([vault.state, vault.kind, vault.retention], ["live", "vault", 7]);
  assert.equal((await coffer.deleteVault("life")).state, "deleted");
  assert.equal((await coffer.recoverVault("life")).state, "live");
  await coffer.deleteVault("life");
  await coffer.purgeVault("life");
  assert.ok(!(await coffer.vaults()).some(({ name }) => name === "life"));
});

test("the clock moves and says what it ran", async () => {
  await coffer.createVault("brief", { retention: 7 });
  await coffer.deleteVault("brief");
  const { ran } = await coffer.advance("P8D");
  assert.deepEqual(ran.map(({ what, vault }) => [what, vault]), [["vault purge", "brief"]]);
  assert.equal((await coffer.advance(60)).offset, 8 * 86400 + 60);
  assert.equal((await coffer.resetClock()).offset, 0);
});

test("a mapped port stands in the URLs of vaults", async () => {
  const mapped = new Coffer(coffer.controlUrl, { httpsPort: 4711 });
  assert.equal(await mapped.vaultUrl(), "https://dev.vault.localhost:4711");
  assert.equal(await mapped.vaultUrl("pool"), "https://pool.managedhsm.localhost:4711");
  assert.equal((await mapped.createVault("mapped")).url, "https://mapped.vault.localhost:4711");
});

function shakeHands(url, options) {
  return new Promise((done, failed) => {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: "127.0.0.1", port, servername: hostname, ...options });
    socket.once("secureConnect", () => socket.end(done));
    socket.once("error", failed);
  });
}

test("the certificate is what a client has to trust", async () => {
  const url = await coffer.vaultUrl();
  await assert.rejects(shakeHands(url, {}), /certificate/);
  await shakeHands(url, { ca: await coffer.caCertificate() });
  assert.equal(readFileSync(await coffer.caFile(), "ascii"), await coffer.caCertificate());
});

test("close removes the file", async () => {
  const path = await coffer.caFile();
  await coffer.close();
  assert.ok(!existsSync(path));
});

test("the environment names vault, identity and certificate", async () => {
  const environment = await coffer.environment("pool");
  assert.equal(environment.AZURE_KEYVAULT_URL, await coffer.vaultUrl("pool"));
  assert.equal(environment.NODE_EXTRA_CA_CERTS, await coffer.caFile());
  const { port } = new URL(environment.AZURE_KEYVAULT_URL);
  assert.equal(environment.AZURE_AUTHORITY_HOST, `https://login.localhost:${port}`);
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header } = environment;
  const answer = await fetch(`${endpoint}?api-version=2019-08-01&resource=https://vault.azure.net`, {
    headers: { "X-IDENTITY-HEADER": header },
  });
  assert.ok((await answer.json()).access_token);
});

test("the unmodified SDK takes URL, credential and certificate", async () => {
  const { url } = await coffer.createVault("sdk", { retention: 7 });
  const tlsOptions = { ca: await coffer.caCertificate() };
  const client = new KeyClient(url, coffer.credential(), { tlsOptions });
  await client.createEcKey("cmk");
  await (await client.beginDeleteKey("cmk")).pollUntilDone();
  await coffer.advance("P8D"); // the client goes on with the token that it holds
  await assert.rejects(client.getDeletedKey("cmk"), { statusCode: 404 });
  await coffer.advance("P2D", { tokens: "age" });
  await assert.rejects(client.getDeletedKey("cmk"), { statusCode: 401 });
  const later = new KeyClient(url, coffer.credential(), { tlsOptions });
  await assert.rejects(later.getDeletedKey("cmk"), { statusCode: 404 });
});
