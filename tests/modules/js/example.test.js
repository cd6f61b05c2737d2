// SPDX-License-Identifier: Apache-2.0
//
// The example of docs/container.md, which `run` has put beside the package: it prints what it says.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";

test("the example of the docs does what it says", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["cmk.mjs"], { timeout: 60_000 });
  assert.equal(stdout, "vault purge\n");
});
