# SPDX-License-Identifier: Apache-2.0
"""Holds the table of docs/consumer.md against the rows that tests/api/consumer_matrix.c walks."""

import re
from itertools import zip_longest

ROW = re.compile(
    r'^X\((\d+), "([a-z-]+)", "([^"]*)", "(?:\\.|[^"\\])*", "\w+", \w+, \w+, "[^"]*",\s+'
    r'"([^"]*)", "([^"]*)", "([^"]*)", "([^"]*)", "([^"]*)"\)$', re.M)


def render(row):
    """A row of the matrix as docs/consumer.md has it."""
    number, name, how, *cells = row
    words = [re.sub(r"^(lost: )(\w+)$", r"\1`\2`", cell) for cell in cells]
    return f"| {number} | `{name}`{', ' if how else ''}{how} | {' | '.join(words)} |"


def check(tree):
    file = tree.get("tests/api/consumer_matrix.def")
    page = tree.get("docs/consumer.md")
    if not file:
        return
    wanted = [render(match.groups()) for match in ROW.finditer(file.uncommented)]
    if len(wanted) != len(list(file.find(r"^X\(", "uncommented"))):
        yield file.path, 1, "has rows that are not as the others"
    found = [(line, match[0]) for line, match in page.find(r"^\| \d+ \| `[a-z-]+`.*", "text")] if page else []
    for row, one in zip_longest(wanted, found):
        line, text = one or (len(page.lines) if page else 1, "nothing")
        if text != row:
            yield "docs/consumer.md", line, f"has {text} where {file.path} has {row or 'no more'}"
            break
