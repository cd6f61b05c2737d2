# SPDX-License-Identifier: Apache-2.0
"""Which C files of server/ and pkcs11/ use each other in circles.

A file uses another when it names a function or an object that the other one defines for all. The
macros and inline functions of headers, and the rows of a .def, are taken as part of whoever names
or includes them, as the compiler does. A static name of a file's own hides one of others.
"""

import re

from source import resolve

FOLDERS = ("server", "pkcs11")

FUNCTION = re.compile(r"^(\w[\w *]*[ *])(\w+)\([^;{}]*\)\s*?\n\{(.*?)^\}", re.M | re.S)
OBJECT = re.compile(r"^(\w[\w *]*[ *])(\w+)(?:\[[^\]\n]*\])*(?: = [^;]*)?;", re.M)
MACRO = re.compile(r"^[ \t]*#[ \t]*define (\w+)((?:\\\n|[^\n])*)", re.M)
DECLARATION = re.compile(r"^(?!static)\w[\w *]*[ *]\w+\([^;{}]*\)[^;{}]*;", re.M)
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
WORD = re.compile(r"(?<![.\w])(?<!->)(?<!struct )(?<!enum )[A-Za-z_]\w*")


def is_of_the_files_own(kind):
    return re.search(r"\b(static|extern|typedef|return)\b", kind)


def words(text):
    return set(WORD.findall(text))


class Source:
    """A C file: what it defines for all, and every word that it may use others by."""

    def __init__(self, tree, file):
        defined = FUNCTION.findall(file.code)
        defined += [(*found, "") for found in OBJECT.findall(file.code)]
        self.shown = {name for kind, name, _ in defined if not is_of_the_files_own(kind)}
        own = {name for kind, name, _ in defined if is_of_the_files_own(kind)}
        included = read_included(tree, file)
        found = words(DECLARATION.sub("", file.code))
        found = found.union(*(words(other.code) for other in included if not other.is_c))
        headers = [other for other in included if other.is_c]
        own.update(name for header in headers for _, name, _ in FUNCTION.findall(header.code))
        self.words = (expand(found, read_stand_ins(headers)) & declared(headers)) - own


def read_included(tree, file):
    """The headers and tables that a file includes, and that these include."""
    seen, left = {}, [file]
    while left:
        including = left.pop()
        for name in INCLUDE.findall(including.uncommented):
            path = resolve(tree, including, name)
            if path and path not in seen:
                seen[path] = tree.get(path)
                left.append(seen[path])
    return list(seen.values())


def declared(headers):
    return set().union(*(words(header.code) for header in headers))


def read_stand_ins(headers):
    """The words that stand behind each macro and each inline function."""
    behind = {}
    for header in headers:
        for name, body in MACRO.findall(header.code):
            behind[name] = behind.get(name, set()) | words(body)
        for _kind, name, body in FUNCTION.findall(header.code):
            behind[name] = words(body)
    return behind


def expand(found, behind):
    """With the words behind the words, and so on."""
    seen, left = set(found), list(found)
    while left:
        fresh = behind.get(left.pop(), set()) - seen
        seen |= fresh
        left += fresh
    return seen


def read_arrows(tree):
    """{path: {path of a file that it uses: a name that it uses it by}}"""
    sources = {file.path: Source(tree, file)
               for file in tree.below(*FOLDERS) if file.path.endswith(".c")}
    home = {name: path for path, source in sources.items() for name in source.shown}
    arrows = {}
    for path, source in sources.items():
        arrows[path] = {}
        for name in sorted(source.words & home.keys()):
            if home[name] != path:
                arrows[path].setdefault(home[name], name)
    return arrows


def find_circles(arrows):
    """Groups of files of which each reaches every other (Tarjan's strong components)."""
    order, low, stack, circles = {}, {}, [], []

    def visit(path):
        order[path] = low[path] = len(order)
        stack.append(path)
        for target in arrows[path]:
            if target not in order:
                visit(target)
            if target in stack:
                low[path] = min(low[path], low[target])
        if low[path] == order[path]:
            start = stack.index(path)
            circles.append(sorted(stack[start:]))
            del stack[start:]

    for path in arrows:
        if path not in order:
            visit(path)
    return [circle for circle in circles if len(circle) > 1]


def check(tree):
    """(path, line, reason) of every arrow within a circle."""
    arrows = read_arrows(tree)
    for circle in find_circles(arrows):
        for path in circle:
            for target, name in arrows[path].items():
                if target in circle:
                    yield path, 1, f"is in a circle with {target}, of which it uses {name}"
