# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/parity.md: the cells of parity_cells.py and their proofs, as tables."""

import itertools

from parity_cells import Parity

PAGE = "docs/parity.md"
BEGIN = "<!-- parity: written by `make parity` from the tables and the tests; not by hand -->"
END = "<!-- end of parity -->"


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
                yield name, [paths + only, "not offered (400)", *[""] * len(self.types)]
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

    def hsm_operations(self):
        for route in self.parity.hsm_routes:
            status = self.parity.statuses.get(route.cell)
            mark = {None: "missing", 501: "not offered (501)"}.get(status, "✓")
            yield [f"`{route.verb} {route.path}`", mark]

    def hsm_proofs(self):
        for route in self.parity.hsm_routes:
            yield [f"`{route.verb} {route.path}`", self.proofs_of([route.cell])]

    def versions(self):
        cells = self.cells_of("api-version")
        names = ", ".join(cell[1] for cell in cells)
        return [f"api-versions: {names}: {self.mark(cells)}, by {self.proofs_of(cells)}.", ""]

    def lines(self):
        crypto = self.parity.crypto_operations()
        proofs = [
            *table(["operation", "tests"], self.operation_proofs()),
            *table(["algorithm", "operation", "tests"], self.algorithm_proofs()),
            *table(["managed HSM", "tests"], self.hsm_proofs()),
        ]
        errors = table(["status", "code", "inner code", "tests"], self.errors())
        yield from table(["operation", "of no key", *self.types], (row for _, row in self.operations()))
        yield from table(["algorithm", "key types", *map(self.wire, crypto)], self.algorithms())
        yield from table(["a managed HSM beside its keys", ""], self.hsm_operations())
        yield from self.versions()
        yield from details("Which test proves which row", proofs)
        yield from details("Errors, and the tests named after them", errors)


def render(tree):
    return "\n".join(["", *Section(Parity(tree)).lines()])


def replace_section(text, section):
    """The page with these tables; None when it has no place for it."""
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 or end < begin:
        return None
    return text[: begin + len(BEGIN)] + "\n" + section + text[end:]


def check(tree):
    parity = Parity(tree)
    yield from parity.breaches()
    page = tree.get(PAGE)
    fresh = replace_section(page.text, render(tree)) if page else None
    if fresh is None:
        yield PAGE, 1, "has no place for the tables"
    elif fresh != page.text:
        line = next(number for number, (old, new) in enumerate(
            itertools.zip_longest(page.text.splitlines(), fresh.splitlines()), 1) if old != new)
        yield PAGE, line, "the tables are stale: make parity"
