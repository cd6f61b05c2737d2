# SPDX-License-Identifier: Apache-2.0
"""The parity section of README.md: what is served, and which test proves it.

A cell is something that can be asked for: an operation (a route of server/api/keys/routes.c) with
a key type (kty.def), with an algorithm (alg.def) or, of a new key, with a curve (curve.def); an
api-version (api_version.def). Cells come from those tables; tests name the cells that they prove
by api_proves(), which fails when the test had no such answer (tests/support/proof.h). A row of
err.def is proven by the tests whose names, or the golden cases whose titles hold its symbol. Cells
that the file UNPROVEN admits to are shown as missing; all others must be proven. A route whose
handler is called ..._refuse is not offered and has no cells.
"""

import itertools
import re
from collections import defaultdict

README = "README.md"
ROUTES = "server/api/keys/routes.c"
TABLES = "include/kv/tbl/"
UNPROVEN = "tests/lint/unproven"
GOLDEN = "tests/data/golden"
BEGIN = "<!-- parity: written by `make parity` from the tables and the tests; not by hand -->"
END = "<!-- end of parity -->"

# Operations whose verb says what they are; tests/support/proof.c has the same names.
OF_KEY = {"GET": "get", "PUT": "import", "PATCH": "update", "DELETE": "delete"}
OF_DELETED_KEY = {"GET": "get-deleted", "DELETE": "purge"}

# Only keys in hardware can be exportable (contract §11).
HARDWARE_ONLY = {"release"}
MAKES_CURVES = {"create", "import"}


class Table:
    """Rows of a .def file; the words of the comment "X(...)" name the columns."""

    def __init__(self, tree, name):
        file = tree.get(f"{TABLES}{name}.def")
        self.path = f"{TABLES}{name}.def"
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
    """The cases of the golden files; a file is a test, played whole."""
    for path in sorted((tree.root / GOLDEN).glob("*.txt")):
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if text.startswith("case "):
                place = path.relative_to(tree.root).as_posix()
                yield Test(place, line, "golden", path.stem, "", text)


class Parity:
    def __init__(self, tree):
        self.routes = read_routes(tree)
        self.types, self.curves, self.algs, self.errors, self.versions, self.ops = (
            Table(tree, name)
            for name in ("kty", "curve", "alg", "err", "api_version", "key_op")
        )
        self.tests = [*read_tests(tree), *read_golden(tree)]
        self.proofs = defaultdict(list)
        for test in self.tests:
            for cell in test.cells:
                self.proofs[cell].append(test)
                if cell[0] in MAKES_CURVES and len(cell) == 3:  # of any curve
                    self.proofs[cell[:2]].append(test)
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
        for alg in self.algs.rows:
            for operation, kty in itertools.product(self.operations(alg), self.types_for(alg)):
                cells[(operation, kty, alg["name"])] = (self.algs.path, alg["line"])
        for version in self.versions.rows:
            cells[("api-version", version["name"])] = (self.versions.path, version["line"])
        return cells

    def types_of(self, route):
        hardware = route.hardware or route.name in HARDWARE_ONLY
        rows = self.types.rows if route.typed else []
        return [kty for kty in rows if not hardware or kty.get("hsm") == "true"]

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


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def details(title, lines):
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield from lines
    yield "</details>"
    yield ""


def unique(items):
    return list(dict.fromkeys(items))


class Section:
    """The text between the markers."""

    def __init__(self, parity):
        self.parity = parity
        self.types = [kty["name"] for kty in parity.types.rows]

    def wire(self, operation):
        return next(row["name"] for row in self.parity.ops.rows
                    if row["name"].lower() == operation)

    def mark(self, cells):
        """What the table says of cells that belong together."""
        there = [cell for cell in cells if cell in self.parity.cells]
        if not there:
            return ""
        missing = [cell for cell in there if cell not in self.parity.proofs]
        if len(missing) in (0, len(there)):
            return "missing" if missing else "✓"
        return "missing: " + ", ".join(unique(" ".join(cell[1:]) for cell in missing))

    def proofs_of(self, cells):
        tests = [test.title for cell in cells if cell in self.parity.cells
                 for test in self.parity.proofs.get(cell, ())]
        return ", ".join(f"`{title}`" for title in unique(tests)) or "missing"

    def cells_of(self, name):
        return [cell for cell in self.parity.cells if cell[0] == name]

    def marks_by_type(self, name):
        return [self.mark([cell for cell in self.cells_of(name) if cell[1] == kty])
                for kty in self.types]

    def operations(self):
        crypto = self.parity.crypto_operations()
        seen = {}
        for route in self.parity.routes:
            seen.setdefault(route.name, []).append(route)
        for name, routes in seen.items():
            paths = "<br>".join(f"`{route.verb} {route.path}`" for route in routes)
            only = " (managed HSM)" if routes[0].hardware else ""
            if not routes[0].offered:
                yield name, [paths + only, "not offered", *[""] * len(self.types)]
            elif name in crypto:
                yield name, [paths + only, "see below", *[""] * len(self.types)]
            elif routes[0].typed:
                yield name, [paths + only, "", *self.marks_by_type(name)]
            else:
                yield name, [paths + only, self.mark([(name,)]), *[""] * len(self.types)]

    def algorithms(self):
        parity = self.parity
        for alg in parity.algs.rows:
            types = parity.types_for(alg)
            marks = [self.mark([(operation, kty, alg["name"]) for kty in types])
                     for operation in parity.crypto_operations()]
            yield [f"`{alg['name']}`", ", ".join(types), *marks]

    def operation_proofs(self):
        crypto = self.parity.crypto_operations()
        for name, _row in self.operations():
            if name not in crypto and self.cells_of(name):
                yield [name, self.proofs_of(self.cells_of(name))]

    def algorithm_proofs(self):
        for alg in self.parity.algs.rows:
            for operation in self.parity.operations(alg):
                cells = [(operation, kty, alg["name"]) for kty in self.parity.types_for(alg)]
                yield [f"`{alg['name']}`", self.wire(operation), self.proofs_of(cells)]

    def errors(self):
        for error in self.parity.errors.rows:
            titles = unique(test.title for test in self.parity.errors_of(error))
            tests = ", ".join(f"`{title}`" for title in titles)
            inner = error.get("inner code or NULL", "NULL").strip('"')
            yield [error.get("HTTP status", ""), error.get("code", "").strip('"'),
                   "" if inner == "NULL" else inner, tests or "missing"]

    def versions(self):
        cells = self.cells_of("api-version")
        names = ", ".join(cell[1] for cell in cells)
        return [f"api-versions: {names}: {self.mark(cells)}, by {self.proofs_of(cells)}.", ""]

    def lines(self):
        crypto = self.parity.crypto_operations()
        proofs = [
            *table(["operation", "tests"], self.operation_proofs()),
            *table(["algorithm", "operation", "tests"], self.algorithm_proofs()),
        ]
        errors = table(["status", "code", "inner code", "tests"], self.errors())
        yield from table(["operation", "of no key", *self.types], (row for _, row in self.operations()))
        yield from table(["algorithm", "key types", *map(self.wire, crypto)], self.algorithms())
        yield from self.versions()
        yield from details("Which test proves which row", proofs)
        yield from details("Errors, and the tests named after them", errors)


def render(tree):
    return "\n".join(["", *Section(Parity(tree)).lines()])


def replace_section(text, section):
    """The README with this section; None when it has no place for it."""
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 or end < begin:
        return None
    return text[: begin + len(BEGIN)] + "\n" + section + text[end:]


def check(tree):
    parity = Parity(tree)
    yield from parity.breaches()
    readme = tree.get(README)
    fresh = replace_section(readme.text, render(tree)) if readme else None
    if fresh is None:
        yield README, 1, "has no place for the parity section"
    elif fresh != readme.text:
        line = next(number for number, (old, new) in enumerate(
            itertools.zip_longest(readme.text.splitlines(), fresh.splitlines()), 1) if old != new)
        yield README, line, "the parity section is stale: make parity"
