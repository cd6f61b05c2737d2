// SPDX-License-Identifier: Apache-2.0

import { AbstractStartedContainer, GenericContainer, StartedTestContainer } from "testcontainers";
import { Coffer } from "./coffer.js";

export * from "./coffer.js";

export declare class CofferContainer extends GenericContainer {
  constructor(image?: string);
  withVaults(...specs: string[]): this;
  withControlToken(token: string): this;
  start(): Promise<StartedCofferContainer>;
}

export declare class StartedCofferContainer extends AbstractStartedContainer {
  readonly coffer: Coffer;
  constructor(started: StartedTestContainer, controlToken?: string);
  getControlUrl(): string;
  getVaultUrl(name?: string): Promise<string>;
}
