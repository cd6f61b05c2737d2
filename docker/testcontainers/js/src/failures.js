// SPDX-License-Identifier: Apache-2.0
//
// Failures on demand, and what clients did about them: docs/failures.md, docs/journal.md.

const FAULTS = "/control/v1/faults";
const HSM_FAULTS = "/control/v1/hsm/faults";
const REQUESTS = "/control/v1/requests";

// Which members of a fault rule lie where; all others say what happens.
const RULE = ["id", "comment", "enabled", "stage", "ttl"];
const MATCH = ["vault", "key", "version", "operation", "principal", "api_version", "header", "client", "session"];
const WHEN = ["skip", "times", "every", "probability", "seed", "from", "until", "for", "quota"];

const GONE = 404;
const CONFLICT = 409; // for a scenario that is not applied

/** A rule out of members side by side: { vault: "dev", times: 2, status: 429 }. */
export function ruleOf(members) {
  const rule = { match: {}, when: {}, effect: {} };
  for (const [name, value] of Object.entries(members)) {
    const part = RULE.includes(name)
      ? rule
      : MATCH.includes(name)
        ? rule.match
        : WHEN.includes(name)
          ? rule.when
          : rule.effect;
    part[name] = value;
  }
  return rule;
}

/** Where the control port has a scenario of this name, whatever is in it. */
export function scenarioPath(name, action = "") {
  return `/control/v1/scenarios/${encodeURIComponent(name)}${action}`;
}

/** Something that was begun, and can be taken back: once is enough. */
class Begun {
  #end;
  #over = false;

  constructor(end) {
    this.#end = end;
  }

  /** Takes it back. What is over by itself, or by a reset, is as good as taken back. */
  async revert() {
    if (this.#over) {
      return;
    }
    try {
      await this.#end();
    } catch (error) {
      if (error.status !== GONE && !(error.status === CONFLICT && this instanceof Scenario)) {
        throw error;
      }
    }
    this.#over = true;
  }
}

/** A fault rule, or a failure of the HSM. */
export class Fault extends Begun {
  #ask;
  #path;

  constructor(ask, path, { id }) {
    super(() => ask("DELETE", `${path}/${encodeURIComponent(id)}`));
    this.#ask = ask;
    this.#path = `${path}/${encodeURIComponent(id)}`;
    this.id = id;
  }

  /** How many requests, or calls of the HSM, it has acted on. */
  async hits() {
    return (await this.#ask("GET", this.#path)).hits;
  }
}

/** An incident that was applied. */
export class Scenario extends Begun {
  #ask;

  constructor(ask, name) {
    super(() => ask("POST", scenarioPath(name, "/revert"), {}));
    this.#ask = ask;
    this.name = name;
  }

  /** What coffer says of it. */
  status() {
    return this.#ask("GET", scenarioPath(this.name));
  }
}

/**
 * What clients did. Filters are members of docs/journal.md, each with one value or a list of which one
 * has to fit: { operation: "unwrapKey", status: [403, "5xx"] }. `always` are members of every call.
 */
export class Journal {
  #ask;
  #always;

  constructor(ask, always = {}) {
    this.#ask = ask;
    this.#always = always;
  }

  #query(filter) {
    const query = new URLSearchParams({ ...this.#always, ...filter });
    return query.size > 0 ? `?${query}` : "";
  }

  /** The number of the latest entry; with it as `since` there are those to come. */
  async last() {
    return (await this.#ask("GET", `${REQUESTS}?limit=1`)).last;
  }

  /** The entries that fit, oldest first. */
  async requests(filter) {
    return (await this.#ask("GET", REQUESTS + this.#query({ limit: 10_000, ...filter }))).requests;
  }

  /** Rejects with the difference where there are not so many: { count }, or { min, max }. */
  async expect({ count, min, max, ...filter }) {
    const order = { count, min, max, filter: { ...this.#always, ...filter } };
    const told = await this.#ask("POST", `${REQUESTS}/expect`, order);
    if (!told.ok) {
      throw new Error(told.diff);
    }
    return told.count;
  }

  /** Resolves to the requests as soon as there are so many; rejects after so many seconds. */
  async wait({ count = 1, timeout = 30, ...filter } = {}) {
    const order = { count, timeout, filter: { ...this.#always, ...filter } };
    const told = await this.#ask("POST", `${REQUESTS}/wait`, order, { patience: timeout * 1000 });
    if (!told.met) {
      throw new Error(`after ${timeout} s there are ${told.count} of ${count} requests`);
    }
    return told.requests;
  }

  /** How clients went about failures: `waits_ms`, `backoff`, `obeyed_retry_after`, `end`, ... */
  async retries(filter) {
    return (await this.#ask("GET", `${REQUESTS}/retries${this.#query(filter)}`)).setbacks;
  }

  /** Removes what fits. */
  async clear(filter) {
    await this.#ask("DELETE", REQUESTS + this.#query(filter));
  }
}

/** The part of a Coffer that begins failures, and takes them back. */
export class Failures {
  #ask;
  #begun = [];

  constructor(ask) {
    this.#ask = ask;
  }

  #keep(one) {
    this.#begun.push(one);
    return one;
  }

  async fault(members) {
    return this.#keep(new Fault(this.#ask, FAULTS, await this.#ask("POST", FAULTS, ruleOf(members))));
  }

  async hsmFault(kind, members) {
    const told = await this.#ask("POST", HSM_FAULTS, { kind, ...members });
    return this.#keep(new Fault(this.#ask, HSM_FAULTS, told));
  }

  async scenario(name, parameters = {}) {
    await this.#ask("POST", scenarioPath(name, "/apply"), parameters);
    return this.#keep(new Scenario(this.#ask, name));
  }

  /** The latest first, because one may stand on another. */
  async revert() {
    while (this.#begun.length > 0) {
      await this.#begun.at(-1).revert();
      this.#begun.pop();
    }
  }
}
