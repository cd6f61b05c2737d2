# SPDX-License-Identifier: Apache-2.0
"""What is served, and which test proves it: cells from the tables, proofs from the tests.

A cell is something that can be asked for: an operation (a route of server/api/keys/routes.c) with
a key type (kty.def), with an algorithm (alg.def) or, of a new key, with a curve (curve.def); an
api-version (api_version.def). Cells come from those tables; tests name the cells that they prove
by api_proves(), which fails when the test had no such answer (tests/support/proof.h). A row of
err.def is proven by the tests whose names, or the golden cases whose titles hold its symbol. What
a managed HSM has beside its keys (server/api/hsm/routes.c) is proven by the golden cases that got an
answer of it. A route of keys whose handler is called ..._refuse is not offered and has no cells.
Cells that the file UNPROVEN admits to are shown as missing; all others must be proven.
"""

import itertools
import re
from collections import defaultdict

ROUTES = "server/api/keys/routes.c"
HSM_ROUTES = "server/api/hsm/routes.c"
PROVIDER = "/providers/Microsoft.Authorization/"
UNPROVEN = "tests/lint/unproven"
GOLDEN = "tests/data/golden"

# Operations whose verb says what they are; tests/support/proof.c has the same names.
OF_KEY = {"GET": "get", "PUT": "import", "PATCH": "update", "DELETE": "delete"}
OF_DELETED_KEY = {"GET": "get-deleted", "DELETE": "purge"}

# Of one family alone (contract §6.11).
ONE_FAMILY = {"securewrapkey": "RSA", "secureunwrapkey": "RSA"}

# Only keys in hardware can be exportable (contract §11).
HARDWARE_ONLY = {"release"}
MAKES_CURVES = {"create", "import"}


class Table:
    """Rows of a .def file; the words of the comment "X(...)" name the columns."""

    def __init__(self, tree, name):
        file = next((f for f in tree.files if re.fullmatch(rf"include/kv/\w+/{name}\.def", f.path)), None)
        self.path = file.path if file else f"include/kv/{name}.def"
        self.rows = []
        if file is None:
            return
        header = re.search(r"\bX\(((?:symbol|\")[^)]*)\)", file.text)
        columns = [word.strip().strip('"') for word in header[1].split(",")] if header else []
        macros = dict(re.findall(r"^#define (\w+)\s+(.+)$", file.uncommented, re.M))
        for line, match in file.find(r"^X\((.*)\)\s*$", "uncommented"):
            fields = [field.strip() for field in split_fields(match[1])]
            row = dict(zip(columns, fields))
            row.update(line=line, symbol=fields[0], name=row.get("wire name", fields[0]).strip('"'))
            row["operations"] = expand(row.get("operations", ""), macros)
            self.rows.append(row)


def expand(text, macros):
    """With the macros of the file put in; they may use each other."""
    for _ in macros:
        text = re.sub(r"\b\w+\b", lambda m: macros.get(m[0], m[0]), text)
    return text


def split_fields(text):
    """At commas that no bracket or quote holds."""
    depth, quoted, field = 0, False, ""
    for character in text:
        quoted ^= character == '"'
        depth += 0 if quoted else {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0 and not quoted:
            yield field
            field = ""
        else:
            field += character
    yield field


class Route:
    def __init__(self, line, verb, path, rest):
        self.line, self.verb, self.path = line, verb, path
        self.hardware = "KV_ON_HSM" in rest
        self.offered = not re.search(r"\b\w+_refuse\b", rest)  # by the handler's name
        parts = [part for part in path.split("/") if part]
        self.name = self.operation(verb, parts)
        self.typed = "{name}" in parts or self.name == "restore"

    @staticmethod
    def operation(verb, parts):
        last = parts[-1]
        deleted = parts[0] == "deletedkeys"
        if last.startswith("{"):
            return (OF_DELETED_KEY if deleted else OF_KEY).get(verb, verb.lower())
        if len(parts) == 1 and verb == "GET":
            return "list-deleted" if deleted else "list"
        if verb == "GET":
            return ("list-" if last == "versions" else "get-") + last
        return ("set-" if verb == "PUT" else "") + last


def read_routes(tree):
    file = tree.get(ROUTES)
    rows = file.find(r'\{\s*KV_(\w+),\s*"([^"]+)",(.*)\}', "uncommented") if file else ()
    return [Route(line, *row.groups()) for line, row in rows]


class Test:
    def __init__(self, path, line, suite, name, body, case=""):
        self.path, self.line, self.title = path, line, f"{suite}/{name}"
        self.symbols = set(re.findall(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*", case or name))
        self.cells = []
        for said in re.findall(r'\bapi_proves\(((?:\s*"[^"]*")+)\s*\)', body):
            words = "".join(re.findall(r'"([^"]*)"', said)).split(" ")
            words[0] = words[0].lower()
            self.cells += map(tuple, itertools.product(*(word.split(",") for word in words)))


def read_tests(tree):
    for file in tree.below("tests"):
        text = file.uncommented
        starts = list(re.finditer(r"^Test\((\w+), (\w+)", text, re.M))
        for match, following in zip(starts, starts[1:] + [None]):
            body = text[match.end() : following.start() if following else None]
            yield Test(file.path, file.line_of(match.start()), match[1], match[2], body)


class HsmRoute:
    """A route of what a managed HSM has beside its keys; of roles, without their scopes."""

    def __init__(self, line, scoped, verb, path):
        self.line, self.verb = line, verb
        self.path = "/{scope}" + PROVIDER + path if scoped else path
        self.cell = (verb, self.path)

    def fits(self, request):
        pattern, path = (parts_below_scope(path) for path in (self.path, request.path))
        return self.verb == request.verb and len(pattern) == len(path) and all(
            want.startswith("{") or want.lower() == part.lower()
            for want, part in zip(pattern, path))


def parts_below_scope(path):
    parts = [part for part in path.split("?")[0].split("/") if part]
    return parts[parts.index("providers") :] if "providers" in parts else parts


def read_hsm_routes(tree):
    file = tree.get(HSM_ROUTES)
    rows = file.find(r'(SCOPED\(|\{)\s*KV_(\w+),\s*"([^"]+)"', "uncommented") if file else ()
    return [HsmRoute(line, row[1] == "SCOPED(", row[2], row[3]) for line, row in rows]


class GoldenRequest:
    """A request of a golden file with the status of its answer."""

    def __init__(self, test, verb, path, status):
        self.test, self.verb, self.path, self.status = test, verb, path, int(status)

    @property
    def is_answered(self):
        """Well, or by the refusal of what is not offered."""
        return 200 <= self.status < 300 or self.status == 501


def read_unproven(tree):
    """Line and words of each pattern; a word is alternatives between commas, or *."""
    file = tree.get(UNPROVEN)
    for number, line in enumerate(file.lines if file else (), 1):
        if line and not line.startswith("#"):
            yield number, [word.split(",") for word in line.split()]


def fits(cell, words):
    return len(cell) == len(words) and all(
        word == ["*"] or part in word for part, word in zip(cell, words))


def read_golden(tree):
    """The cases of the golden files; a file is a test, played whole. Their requests beside them."""
    tests, requests = [], []
    for path in sorted((tree.root / GOLDEN).glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        place = path.relative_to(tree.root).as_posix()
        for match in re.finditer(r"^case .*(?:\n(?!case ).*)*", text, re.M):
            title = match[0].splitlines()[0]
            line = text.count("\n", 0, match.start()) + 1
            tests.append(Test(place, line, "golden", path.stem, "", title))
            requests += [GoldenRequest(tests[-1], *found) for found in re.findall(
                r"^> ([A-Z]+) (/\S*)$(?:\n> .*)*\n< (\d+)", match[0], re.M)]
    return tests, requests


class Parity:
    def __init__(self, tree):
        self.routes = read_routes(tree)
        self.types, self.curves, self.algs, self.errors, self.versions, self.ops = (
            Table(tree, name)
            for name in ("kty", "curve", "alg", "err", "api_version", "key_op")
        )
        self.hsm_routes = read_hsm_routes(tree)
        golden, requests = read_golden(tree)
        self.tests = [*read_tests(tree), *golden]
        self.proofs = defaultdict(list)
        for test in self.tests:
            for cell in test.cells:
                self.proofs[cell].append(test)
                if cell[0] in MAKES_CURVES and len(cell) == 3:  # of any curve
                    self.proofs[cell[:2]].append(test)
        self.statuses = {}
        for route, request in itertools.product(self.hsm_routes, requests):
            if request.is_answered and route.fits(request):
                self.proofs[route.cell].append(request.test)
                self.statuses[route.cell] = request.status
        self.cells = self.find_cells()
        self.unproven = list(read_unproven(tree))

    def find_cells(self):
        """Every cell that there is, with the place of the row it comes from."""
        cells = {}
        crypto = self.crypto_operations()
        for route in self.routes:
            if route.name in crypto or not route.offered:
                continue
            if not route.typed:
                cells[(route.name,)] = (ROUTES, route.line)
            for kty in self.types_of(route):
                cells[(route.name, kty["name"])] = (ROUTES, route.line)
                if route.name in MAKES_CURVES and kty.get("family") == "EC":
                    for curve in self.curves.rows:
                        cell = (route.name, kty["name"], curve["name"])
                        cells[cell] = (self.curves.path, curve["line"])
        for route in self.hsm_routes:
            cells[route.cell] = (HSM_ROUTES, route.line)
        for alg in self.algs.rows:
            for operation, kty in itertools.product(self.operations(alg), self.types_for(alg)):
                cells[(operation, kty, alg["name"])] = (self.algs.path, alg["line"])
        for version in self.versions.rows:
            cells[("api-version", version["name"])] = (self.versions.path, version["line"])
        return cells

    def types_of(self, route):
        hardware = route.hardware or route.name in HARDWARE_ONLY
        rows = self.types.rows if route.typed else []
        family = ONE_FAMILY.get(route.name)
        return [kty for kty in rows if (not hardware or kty.get("hsm") == "true")
                and family in (None, kty.get("family"))]

    def operations(self, alg):
        """In lower case, as everywhere here but on the page."""
        allowed = re.findall(r"KV_OP_BIT\((\w+)\)", alg["operations"])
        return [row["name"].lower() for row in self.ops.rows if row["symbol"] in allowed]

    def types_for(self, alg):
        return [kty["name"] for kty in self.types.rows if kty.get("family") == alg.get("family")]

    def crypto_operations(self):
        """Those whose cells are the algorithms'; in the order of key_op.def."""
        used = {name for alg in self.algs.rows for name in self.operations(alg)}
        return [row["name"].lower() for row in self.ops.rows if row["name"].lower() in used]

    def errors_of(self, error):
        return [test for test in self.tests if error["symbol"] in test.symbols]

    def check_proofs(self):
        missing = [cell for cell in self.cells if cell not in self.proofs]
        for cell in missing:
            if not any(fits(cell, words) for _line, words in self.unproven):
                yield *self.cells[cell], f'no test proves "{" ".join(cell)}"'
        for line, words in self.unproven:
            if not any(fits(cell, words) for cell in missing):
                yield UNPROVEN, line, "all that this line admits to is proven by now"

    def breaches(self):
        yield from self.check_proofs()
        for test in self.tests:
            for cell in test.cells:
                if cell not in self.cells:
                    yield test.path, test.line, f'{test.title} proves "{" ".join(cell)}": no cell'
        for error in self.errors.rows:
            if not self.errors_of(error):
                yield self.errors.path, error["line"], f"no test is named after {error['symbol']}"
