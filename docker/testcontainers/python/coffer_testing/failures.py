# SPDX-License-Identifier: Apache-2.0
"""Failures on demand, and what clients did about them: docs/failures.md, docs/journal.md.

Everything that fault(), hsm_fault() and scenario() begin is taken back by revert(); by the plug-in
after each test, with `with` at the end of its block.
"""

from urllib.parse import quote, urlencode

from coffer_testing.errors import CofferError

FAULTS = "/control/v1/faults"
HSM_FAULTS = "/control/v1/hsm/faults"
REQUESTS = "/control/v1/requests"

# Which members of a fault rule lie where; all others say what happens.
_RULE = ("id", "comment", "enabled", "stage", "ttl")
_MATCH = ("vault", "key", "version", "operation", "principal", "api_version", "header", "client", "session")
_WHEN = ("skip", "times", "every", "probability", "seed", "from", "until", "for", "quota")

GONE = 404
CONFLICT = 409  # for a scenario that is not applied


def rule_of(members):
    """A rule out of flat members: vault="dev", times=2, status=429. `for_` is `for`, `from_` `from`."""
    rule = {"match": {}, "when": {}, "effect": {}}
    for name, value in members.items():
        name = name.rstrip("_")
        if name in _RULE:
            rule[name] = value
        else:
            part = "match" if name in _MATCH else "when" if name in _WHEN else "effect"
            rule[part][name] = value
    return rule


class _Begun:
    """Something that was begun, and can be ended: once is enough, at the end of a `with` by itself."""

    def __init__(self, coffer):
        self._coffer = coffer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.revert()

    def revert(self):
        """Takes it back."""
        self._coffer._take_back(self)


class Fault(_Begun):
    """A fault rule, or with `path` of the HSM a failure of that. `id` is its name."""

    def __init__(self, coffer, path, told):
        super().__init__(coffer)
        self.id = told["id"]
        self._path = f"{path}/{quote(self.id, safe='')}"

    def _ending(self):
        return "DELETE", self._path, None

    @property
    def hits(self):
        """How many requests, or calls of the HSM, it has acted on."""
        return self._coffer.ask("GET", self._path)["hits"]


class Scenario(_Begun):
    """An incident that was applied; `status` is what coffer says of it."""

    def __init__(self, coffer, name):
        super().__init__(coffer)
        self.name = name
        self._path = f"/control/v1/scenarios/{quote(name, safe='')}"

    def _ending(self):
        return "POST", f"{self._path}/revert", {}

    @property
    def status(self):
        return self._coffer.ask("GET", self._path)


class Journal:
    """What clients did. Filters are members of docs/journal.md: operation="unwrapKey", status=403.

    One value, or a list of which one has to fit. `always` are members that each call has by itself.
    """

    def __init__(self, coffer, **always):
        self._coffer = coffer
        self._always = always

    def _filter(self, given):
        return {name: value for name, value in {**self._always, **given}.items() if value is not None}

    def _query(self, given):
        texts = {
            name: ",".join(map(str, value)) if isinstance(value, (list, tuple)) else value
            for name, value in self._filter(given).items()
        }
        return f"?{urlencode(texts)}" if texts else ""

    def last(self):
        """The number of the latest entry; since=last() are those to come."""
        return self._coffer.ask("GET", f"{REQUESTS}?limit=1")["last"]

    def requests(self, **filter):
        """The entries that fit, oldest first, each a dictionary."""
        return self._coffer.ask("GET", REQUESTS + self._query({"limit": 10000, **filter}))["requests"]

    def expect(self, count=None, min=None, max=None, **filter):
        """Fails with the difference where not so many requests fit. Challenges do not count."""
        bounds = {"count": count, "min": min, "max": max}
        order = {name: value for name, value in bounds.items() if value is not None}
        order["filter"] = self._filter(filter)
        told = self._coffer.ask("POST", f"{REQUESTS}/expect", order)
        if not told["ok"]:
            raise AssertionError(told["diff"])
        return told["count"]

    def wait(self, count=1, timeout=30, **filter):
        """Returns the requests as soon as there are so many; TimeoutError after so many seconds."""
        order = {"filter": self._filter(filter), "count": count, "timeout": timeout}
        told = self._coffer.ask("POST", f"{REQUESTS}/wait", order, patience=timeout)
        if not told["met"]:
            raise TimeoutError(f"after {timeout} s there are {told['count']} of {count} requests")
        return told["requests"]

    def retries(self, **filter):
        """How clients went about failures: `waits_ms`, `backoff`, `obeyed_retry_after`, `end`, ..."""
        return self._coffer.ask("GET", f"{REQUESTS}/retries{self._query(filter)}")["setbacks"]

    def clear(self, **filter):
        """Removes what fits."""
        self._coffer.ask("DELETE", REQUESTS + self._query(filter))


class Failures:
    """The part of Coffer that is about failures."""

    def __init__(self):
        self._begun = []

    def _begin(self, one):
        self._begun.append(one)
        return one

    def _take_back(self, one):
        """What is over by itself, or by a reset, is as good as ended."""
        if one not in self._begun:
            return
        try:
            self.ask(*one._ending())
        except CofferError as error:
            if error.status != GONE and not (error.status == CONFLICT and isinstance(one, Scenario)):
                raise
        self._begun.remove(one)

    def fault(self, **members):
        """Adds a fault rule: which requests (`vault`, `key`, `operation`, `principal`, ...), when
        (`times`, `skip`, `every`, `probability`, `for_`, ...), and what happens to them (`status`,
        `error`, `retry_after`, `delay`, `cut`, `hang`, ...).

            coffer.fault(vault="dev", operation="getKey", times=2, status=429, retry_after=1)

        Give a `ttl` in seconds where nobody may be left to take it back.
        """
        return self._begin(Fault(self, FAULTS, self.ask("POST", FAULTS, rule_of(members))))

    def hsm_fault(self, kind, **members):
        """Has the HSM fail: "token_removed", "pin_locked", "slow", "error", ...: docs/hsm.md."""
        order = {"kind": kind, **{name.rstrip("_"): value for name, value in members.items()}}
        return self._begin(Fault(self, HSM_FAULTS, self.ask("POST", HSM_FAULTS, order)))

    def scenario(self, name, **parameters):
        """Has an incident happen: scenario("key-disabled", vault="dev", key="cmk").

        `coffer scenario list` has their names and parameters.
        """
        scenario = Scenario(self, name)
        self.ask("POST", f"{scenario._path}/apply", parameters)
        return self._begin(scenario)

    @property
    def journal(self):
        """What clients did, of all vaults."""
        return Journal(self)

    def revert(self):
        """Takes back all that fault(), hsm_fault() and scenario() have begun, the latest first."""
        for one in reversed(self._begun[:]):
            self._take_back(one)
