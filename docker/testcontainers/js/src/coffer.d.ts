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

/** Members of a fault rule side by side: docs/failures.md. */
export interface FaultMembers {
  id?: string;
  comment?: string;
  stage?: "connection" | "arrival" | "request";
  ttl?: number | string;
  vault?: string | string[];
  key?: string | string[];
  version?: string | string[];
  operation?: string | string[];
  principal?: string | string[];
  client?: string | string[];
  session?: string | string[];
  skip?: number;
  times?: number;
  every?: number;
  probability?: number;
  seed?: number;
  error?: string;
  status?: number;
  code?: string;
  message?: string;
  retry_after?: number;
  retry_after_ms?: number;
  delay?: number | object;
  hang?: boolean;
  cut?: string;
  length?: number;
  carried_out?: boolean;
  [more: string]: unknown;
}

export interface Fault {
  readonly id: string;
  hits(): Promise<number>;
  revert(): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  status(): Promise<Record<string, unknown>>;
  revert(): Promise<void>;
}

/** Members of docs/journal.md; of a list one has to fit. */
export type Filter = Record<string, string | number | (string | number)[] | undefined>;

/** An entry of the journal. */
export interface Request {
  number: number;
  kind: "request" | "challenge" | "token" | "control";
  status: number;
  vault?: string;
  key?: string;
  operation?: string;
  code?: string;
  inner_code?: string;
  fault?: string;
  [more: string]: unknown;
}

/** How a client went about a failure. */
export interface Setback {
  retries: number;
  end: "recovered" | "refused" | "no further attempt";
  backoff: string;
  obeyed_retry_after: boolean | null;
  statuses: number[];
  waits_ms: number[];
  [more: string]: unknown;
}

export interface Journal {
  last(): Promise<number>;
  requests(filter?: Filter): Promise<Request[]>;
  expect(expected: Filter & { count?: number; min?: number; max?: number }): Promise<number>;
  wait(expected?: Filter & { count?: number; timeout?: number }): Promise<Request[]>;
  retries(filter?: Filter): Promise<Setback[]>;
  clear(filter?: Filter): Promise<void>;
}

export interface TestFailures {
  fault(members: FaultMembers): Promise<Fault>;
  hsmFault(kind: string, members?: object): Promise<Fault>;
  scenario(name: string, parameters?: object): Promise<Scenario>;
  journal: Journal;
}

export declare class Coffer {
  readonly controlUrl: string;
  constructor(controlUrl: string, options?: { httpsPort?: number; controlToken?: string });
  ask(method: string, path: string, order?: object, options?: { patience?: number }): Promise<unknown>;
  fault(members: FaultMembers): Promise<Fault>;
  hsmFault(kind: string, members?: object): Promise<Fault>;
  scenario(name: string, parameters?: object): Promise<Scenario>;
  journal(filter?: Filter): Journal;
  revert(): Promise<void>;
  forTest(t: { after(end: () => Promise<void>): void }, vault?: string): Promise<TestFailures>;
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
