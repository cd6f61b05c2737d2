// SPDX-License-Identifier: Apache-2.0

export declare class CofferError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string);
}

export interface VaultSettings {
  kind?: "vault" | "hsm";
  sku?: "standard" | "premium";
  retention?: number;
  purge_protection?: boolean;
  access?: "open" | "policy" | "rbac";
}

/** A role, or permissions; for an identity, any name, or the object id of a principal. */
export interface Grant {
  role?: string;
  permissions?: string[];
  identity?: string;
  principal?: string;
  key?: string;
  scope?: string;
  deny?: boolean;
  application_id?: string;
}

export interface Vault extends Required<VaultSettings> {
  name: string;
  url: string;
  state: "live" | "deleted";
}

export interface Clock {
  now: string;
  epoch: number;
  mode: "system" | "offset" | "frozen" | "scaled";
  frozen: boolean;
  rate: number;
  offset: number;
  tokens_aged: number;
  next: { at: string; what: string } | null;
}

export interface ClockMoved extends Clock {
  ran: { at: string; what: string; vault: string; key?: string; failed?: string }[];
  left_off: number;
  unfinished: boolean;
}

/** What the SDK's clients take as a credential. */
export interface CofferCredential {
  getToken(scopes: string | string[]): Promise<{ token: string; expiresOnTimestamp: number }>;
}

export declare class Coffer {
  readonly controlUrl: string;
  constructor(controlUrl: string, options?: { httpsPort?: number; controlToken?: string });
  ask(method: string, path: string, order?: object): Promise<unknown>;
  info(): Promise<{ version: string; pid: number; port: number; control_port: number; vaults: { name: string; url: string }[] }>;
  vaults(): Promise<Vault[]>;
  vault(name: string): Promise<Vault>;
  vaultUrl(name?: string): Promise<string>;
  createVault(name: string, settings?: VaultSettings): Promise<Vault>;
  deleteVault(name: string): Promise<Vault>;
  recoverVault(name: string): Promise<Vault>;
  purgeVault(name: string): Promise<void>;
  reset(vault?: string): Promise<void>;
  clock(): Promise<Clock>;
  setClock(order: object): Promise<ClockMoved>;
  advance(duration: number | string, options?: { tokens?: "keep" | "age" }): Promise<ClockMoved>;
  resetClock(): Promise<ClockMoved>;
  caCertificate(): Promise<string>;
  caFile(): Promise<string>;
  close(): Promise<void>;
  objectId(identity?: string): Promise<string>;
  grant(vault: string, grant: Grant): Promise<string | undefined>;
  revoke(vault: string, grant?: Grant): Promise<void>;
  token(resource?: string, identity?: string): Promise<string>;
  credential(identity?: string): CofferCredential;
  identityEnvironment(): Record<string, string>;
  environment(name?: string): Promise<Record<string, string>>;
}
