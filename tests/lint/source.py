# SPDX-License-Identifier: Apache-2.0
"""The tree that lint looks at: its files, and C with comments and strings taken out."""

import posixpath
import re
from functools import cached_property
from pathlib import Path

FOLDERS = ("server", "pkcs11", "include", "tests", "docs", "docker", "m4", ".ci")
SKIPPED = {"node_modules", "__pycache__", "data"}
BINARY = {".png", ".ico", ".der", ".db"}

TOKEN = re.compile(
    r"""(?P<block>/\*.*?\*/) | (?P<line>//[^\n]*)
      | (?P<text>"(?:\\.|[^"\\\n])*") | (?P<char>'(?:\\.|[^'\\\n])+')""",
    re.S | re.X,
)


def blank(text):
    """As many lines as the text, and nothing on them."""
    return "\n" * text.count("\n") or " "


class File:
    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8", errors="replace")

    @property
    def is_c(self):
        return self.path.endswith((".c", ".h"))

    @property
    def lines(self):
        return self.text.splitlines()

    @cached_property
    def uncommented(self):
        """C without comments, same line numbers."""
        return TOKEN.sub(lambda m: blank(m[0]) if m["block"] or m["line"] else m[0], self.text)

    @cached_property
    def code(self):
        """C without comments and without what stands in quotes, same line numbers."""
        return TOKEN.sub(lambda m: '""' if m["text"] or m["char"] else m[0], self.uncommented)

    @cached_property
    def line_comments(self):
        """Lines with a // comment."""
        return [self.line_of(m.start()) for m in TOKEN.finditer(self.text) if m["line"]]

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def find(self, pattern, where="code"):
        """Line number and match of every line of `where` that the pattern is found in."""
        for number, line in enumerate(getattr(self, where).split("\n"), 1):
            match = re.search(pattern, line)
            if match:
                yield number, match


class Tree:
    def __init__(self, root):
        self.root = Path(root)
        self.files = [File(self.root, path) for path in self.paths()]

    def paths(self):
        """Sources below the known folders and at the top; what configure and make made is not."""
        top = ("configure.ac", "Makefile.am", "README.md", "bootstrap", ".clang-format")
        found = [self.root / name for name in top]
        for folder in FOLDERS:
            found += sorted((self.root / folder).rglob("*"))
        for path in found:
            parts = set(path.relative_to(self.root).parts)
            if path.is_file() and path.suffix not in BINARY and not parts & SKIPPED:
                yield path

    @cached_property
    def c_files(self):
        return [file for file in self.files if file.is_c]

    def below(self, *folders):
        return [file for file in self.c_files if is_below(file.path, folders)]

    @cached_property
    def by_path(self):
        return {file.path: file for file in self.files}

    def get(self, path):
        return self.by_path.get(path)


def is_below(path, folders):
    return any(path == folder or path.startswith(folder + "/") for folder in folders)


def resolve(tree, file, name):
    """The path of an #include "name", None when there is no such file."""
    for folder in (posixpath.dirname(file.path), "include", ""):
        path = posixpath.normpath(posixpath.join(folder, name))
        if tree.get(path):
            return path
    return None
