// SPDX-License-Identifier: Apache-2.0
//
// A coffer that runs, as its control port shows it. Needs nothing but Node.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failures, Journal, scenarioPath } from "./failures.js";

// The virtual clock takes half a minute at most for what falls due on the way.
const TIMEOUT_MS = 60_000;
const TRUST = ["NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE"];

/** What the control port refused: `status` of HTTP, `code`, and its words. */
export class CofferError extends Error {
  constructor(status, code, message) {
    super(`${code}: ${message} (status ${status})`);
    this.name = "CofferError";
    this.status = status;
    this.code = code;
  }
}

/** The error that an answer of the control port stands for. */
function refusal(status, text) {
  try {
    const { code, message } = JSON.parse(text).error;
    return new CofferError(status, code, message);
  } catch {
    return new CofferError(status, "Unknown", text.slice(0, 200));
  }
}

/** A path of the control port for a vault of this name, whatever is in it. */
function vaultPath(name, action = "") {
  return `/control/v1/vaults/${encodeURIComponent(name)}${action}`;
}

/**
 * A coffer that runs. Its methods reject with a CofferError when coffer refuses, with a TypeError of
 * fetch when it cannot be reached. A vault is `{ name, url, state, kind, sku, retention, ... }`.
 */
export class Coffer {
  /** Where the control port is, without a slash at the end. */
  controlUrl;

  #httpsPort;
  #controlToken;
  #listeningPort;
  #certificate;
  #folder;
  #failures = new Failures((...order) => this.ask(...order));

  /**
   * @param {string} controlUrl where the control port is, `http://127.0.0.1:8080`
   * @param {{ httpsPort?: number, controlToken?: string }} options the port by which this process
   *   reaches the vaults, where that is another one than coffer listens on: in a container; and the
   *   token of its --control-token, without it $COFFER_CONTROL_TOKEN
   */
  constructor(controlUrl, { httpsPort, controlToken = process.env.COFFER_CONTROL_TOKEN } = {}) {
    this.controlUrl = controlUrl.replace(/\/+$/, "");
    this.#httpsPort = httpsPort;
    this.#controlToken = controlToken;
  }

  #authorization(path) {
    return this.#controlToken && path.startsWith("/control/")
      ? { Authorization: `Bearer ${this.#controlToken}` }
      : {};
  }

  async #fetch(method, path, { order, headers, patience = 0 } = {}) {
    const response = await fetch(this.controlUrl + path, {
      method,
      body: order && JSON.stringify(order),
      headers: { "Content-Type": "application/json", ...this.#authorization(path), ...headers },
      signal: AbortSignal.timeout(TIMEOUT_MS + patience),
    });
    const text = await response.text();
    if (!response.ok) {
      throw refusal(response.status, text);
    }
    return text;
  }

  /**
   * What the control port answers at a path of docs/options.md; undefined where it has no words.
   * `patience` is how many milliseconds more than usual it may take.
   */
  async ask(method, path, order, { patience } = {}) {
    const text = await this.#fetch(method, path, { order, patience });
    return text === "" ? undefined : JSON.parse(text);
  }

  // What there is

  /** Version, ports and vaults: `/control/v1/info`. */
  info() {
    return this.ask("GET", "/control/v1/info");
  }

  /** A vault's URL as this process can use it: with the mapped port, where it has none else. */
  async #reachable(url) {
    const parts = new URL(url);
    if (this.#httpsPort === undefined || !parts.hostname.endsWith(".localhost")) {
      return url;
    }
    this.#listeningPort ??= (await this.info()).port;
    return Number(parts.port || 443) === this.#listeningPort
      ? `https://${parts.hostname}:${this.#httpsPort}`
      : url;
  }

  async #vaultOf(answer) {
    return { ...answer, url: await this.#reachable(answer.url) };
  }

  /** All vaults, deleted ones too. */
  async vaults() {
    const { vaults } = await this.ask("GET", "/control/v1/vaults");
    return Promise.all(vaults.map((vault) => this.#vaultOf(vault)));
  }

  /** The vault of that name. */
  async vault(name) {
    return this.#vaultOf(await this.ask("GET", vaultPath(name)));
  }

  /** The URL of a vault; without a name of the first one. */
  async vaultUrl(name) {
    return name ? (await this.vault(name)).url : this.#reachable((await this.info()).vaults[0].url);
  }

  // The life of vaults

  /**
   * Makes a vault. Settings: `kind`, `sku`, `retention`, `purge_protection`, `access`. One that is there
   * already and contradicts none of them is fine.
   */
  async createVault(name, settings = {}) {
    return this.#vaultOf(await this.ask("PUT", vaultPath(name), settings));
  }

  /** Deletes a vault; it can be recovered until it is purged. */
  async deleteVault(name) {
    return this.#vaultOf(await this.ask("DELETE", vaultPath(name)));
  }

  /** Has a deleted vault back, with its keys. */
  async recoverVault(name) {
    return this.#vaultOf(await this.ask("POST", vaultPath(name, "/recover"), {}));
  }

  /** Removes a deleted vault and all that is in it; refused where purge protection is on. */
  async purgeVault(name) {
    await this.ask("POST", vaultPath(name, "/purge"), {});
  }

  /** Puts everything, or one vault, back to what the options of coffer say. */
  async reset(vault) {
    await this.ask("POST", "/control/v1/reset", vault === undefined ? {} : { vault });
  }

  // Who may do what

  /** The object id of an identity: any name is one, "" the system-assigned. */
  async objectId(identity = "") {
    const query = new URLSearchParams({ name: identity });
    return (await this.ask("GET", `/control/v1/identity?${query}`)).object_id;
  }

  /**
   * Grants a role, and resolves to the name of the assignment; or, with `permissions`, an access
   * policy. It is for the `identity` of that name, or an object id, `principal`. The rest is of a role
   * `key`, `scope`, `deny`, of a policy `application_id`: docs/access.md.
   */
  async grant(vault, { role, permissions, identity, principal, ...more }) {
    const who = principal ?? (await this.objectId(identity));
    if (permissions === undefined) {
      const order = { principal: who, role, ...more };
      return (await this.ask("POST", vaultPath(vault, "/assignments"), order)).name;
    }
    if (role !== undefined) {
      throw new TypeError("a role or permissions, not both");
    }
    const path = vaultPath(vault, `/policies/${encodeURIComponent(who)}`);
    await this.ask("PUT", path, { permissions, ...more });
    return undefined;
  }

  /** Takes back what grant() with the same arguments gave; without a role the access policy. */
  async revoke(vault, { role, permissions, identity, principal, ...more } = {}) {
    const who = principal ?? (await this.objectId(identity));
    if (role !== undefined) {
      await this.ask("DELETE", vaultPath(vault, "/assignments"), { principal: who, role, ...more });
      return;
    }
    const query = new URLSearchParams(more);
    const path = vaultPath(vault, `/policies/${encodeURIComponent(who)}`);
    await this.ask("DELETE", query.size > 0 ? `${path}?${query}` : path);
  }

  // Time

  /** What the virtual clock shows: `now`, `epoch`, `mode`, `frozen`, `rate`, `offset`, `next`. */
  clock() {
    return this.ask("GET", "/control/v1/clock");
  }

  /** Gives the clock an order of docs/options.md: `{ set: "2030-01-01" }`, `{ reset: true }`. */
  setClock(order) {
    return this.ask("POST", "/control/v1/clock", order);
  }

  /**
   * Moves the clock by whole seconds or an ISO 8601 duration such as "P90D", and runs what falls due
   * on the way before it resolves; the answer lists as `ran` what happened. Tokens that clients hold
   * stay good, but with `{ tokens: "age" }`, which makes them older by the same time.
   */
  advance(duration, { tokens = "keep" } = {}) {
    return this.setClock({ advance: duration, tokens });
  }

  /** Has the clock show the system's time again. */
  resetClock() {
    return this.setClock({ reset: true });
  }

  // Failures

  /**
   * Adds a fault rule, its members side by side: which requests (`vault`, `key`, `operation`, ...), when
   * (`times`, `skip`, `every`, ...), what happens to them (`status`, `error`, `retry_after`, `cut`, ...).
   * It has `hits()` and `revert()`. docs/failures.md has all members.
   */
  fault(members) {
    return this.#failures.fault(members);
  }

  /** Has the HSM fail: "token_removed", "pin_locked", "slow", "error", ...: docs/hsm.md. */
  hsmFault(kind, members) {
    return this.#failures.hsmFault(kind, members);
  }

  /** Has an incident happen: `scenario("key-disabled", { vault: "dev", key: "cmk" })`. */
  scenario(name, parameters) {
    return this.#failures.scenario(name, parameters);
  }

  /** What clients did: a Journal of all vaults, or of what the filter fits. */
  journal(filter) {
    return new Journal((...order) => this.ask(...order), filter);
  }

  /** Takes back all that fault(), hsmFault() and scenario() have begun: for afterEach(). */
  revert() {
    return this.#failures.revert();
  }

  /**
   * For one test of node:test, whose context is `t`: `fault`, `hsmFault` and `scenario`, for this vault
   * unless they name another, and `journal` of it from now on. They are taken back after that test.
   */
  async forTest(t, vault) {
    const begun = [];
    const keep = async (beginning) => {
      const one = await beginning;
      begun.unshift(one);
      return one;
    };
    const mine = vault === undefined ? {} : { vault };
    t.after(async () => {
      for (const one of begun) {
        await one.revert();
      }
    });
    return {
      fault: (members) => keep(this.fault({ ...mine, ...members })),
      hsmFault: (kind, members) => keep(this.hsmFault(kind, members)),
      scenario: async (name, parameters) => {
        const { parameters: known } = await this.ask("GET", scenarioPath(name));
        const ofVaults = known.some((one) => one.name === "vault");
        return keep(this.scenario(name, { ...(ofVaults ? mine : {}), ...parameters }));
      },
      journal: this.journal({ ...mine, since: await this.journal().last() }),
    };
  }

  // What clients need

  /** The certificate of coffer's authority, PEM: `tlsOptions: { ca }` of the SDK's clients. */
  async caCertificate() {
    this.#certificate ??= await this.#fetch("GET", "/ca.pem");
    return this.#certificate;
  }

  /** The same in a file, which is there until close(). */
  async caFile() {
    const certificate = await this.caCertificate();
    this.#folder ??= mkdtemp(join(tmpdir(), "coffer-testing-"));
    const path = join(await this.#folder, "ca.pem");
    await writeFile(path, certificate);
    return path;
  }

  /** Removes what this object has put on the disk; it does not stop coffer. */
  async close() {
    const folder = await this.#folder;
    this.#folder = undefined;
    if (folder !== undefined) {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #askToken(resource, identity) {
    const query = new URLSearchParams({ "api-version": "2019-08-01", resource });
    if (identity) {
      query.set("client_id", identity);
    }
    const headers = { "X-IDENTITY-HEADER": "coffer" };
    return JSON.parse(await this.#fetch("GET", `/msi/token?${query}`, { headers }));
  }

  /**
   * An access token; for a managed HSM of the resource https://managedhsm.azure.net. It is that of the
   * identity of that name, without one of the system-assigned.
   */
  async token(resource = "https://vault.azure.net", identity) {
    return (await this.#askToken(resource, identity)).access_token;
  }

  /** A credential for clients of the Azure SDK, in place of DefaultAzureCredential. */
  credential(identity) {
    return {
      getToken: async (scopes) => {
        const answer = await this.#askToken([scopes].flat()[0], identity);
        return {
          token: answer.access_token,
          expiresOnTimestamp: Number(answer.expires_on) * 1000,
        };
      },
    };
  }

  /** The variables by which DefaultAzureCredential finds coffer's managed identity. */
  identityEnvironment() {
    const endpoint = `${this.controlUrl}/msi/token`;
    return {
      IDENTITY_ENDPOINT: endpoint,
      IDENTITY_HEADER: "coffer",
      MSI_ENDPOINT: endpoint,
      MSI_SECRET: "coffer",
      AZURE_POD_IDENTITY_AUTHORITY_HOST: this.controlUrl,
    };
  }

  /** What `coffer env` prints, for programs that a test starts. */
  async environment(name) {
    const vault = await this.vault(name ?? (await this.info()).vaults[0].name);
    const file = await this.caFile();
    return {
      AZURE_KEYVAULT_URL: vault.url,
      AZURE_KEYVAULT_NAME: vault.name,
      KEY_VAULT_URI: vault.url,
      ...this.identityEnvironment(),
      AZURE_AUTHORITY_HOST: `https://login.localhost:${new URL(vault.url).port}`,
      ...Object.fromEntries(TRUST.map((variable) => [variable, file])),
    };
  }
}
