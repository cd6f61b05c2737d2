# SPDX-License-Identifier: Apache-2.0
"""The rules. Each takes the tree and the tools and yields (path, line, reason)."""

import posixpath
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from pathlib import Path

import circles
import matrix
from source import is_below, resolve

HERE = Path(__file__).parent
FUNCTION_LINES = 60
FILE_LINES = 400

# In brackets, so that these lines do not find themselves.
PLACES = (
    (r"(?<![\w.])/([h]ome|[r]oot|[w]ork|tmp/[w]t|tmp/[b]uild)\b", "a path of somebody's machine"),
    (
        r"[n]pmjs|[p]ypi\.|python[h]osted|proxy\.[g]olang|[c]rates\.io|[r]ubygems|[d]ebian\.org"
        r"|[u]buntu\.com|[d]ocker\.io|[g]hcr\.io|[m]aven\.org|[n]uget\.org",
        "host of a package registry",
    ),
)


def table(name, tree=None):
    """Lines of a table, numbered, without comments: the tree's own, or else the one beside us."""
    own = tree and tree.get(f"tests/lint/{name}")
    text = own.text if own else (HERE / name).read_text()
    rows = enumerate(text.splitlines(), 1)
    return [(number, line) for number, line in rows if line and not line.startswith("#")]


class Arrows:
    """The table `arrows`, read."""

    def __init__(self, tree):
        self.folders, self.targets, self.only = {}, {}, []
        self.unused = {}  # (module, what it may include): line of the table
        for number, line in table("arrows", tree):
            kind, rest = line.split(" ", 1)
            if kind == "files":
                path, module = rest.split(" is ")
                self.folders[path] = module
                continue
            subject, words = rest.split(":", 1)
            if kind == "arrow":
                self.targets[subject] = words.split()
                self.unused.update({(subject, w): number for w in words.split() if w != "*"})
            else:
                self.only.append((subject.strip("<>"), words.split()))

    def module(self, path):
        if path.startswith("include/kv/"):
            name = path.split("/")[2]
            modules = [f"{above}{name}" for above in ("", "domain/", "api/")]
            return next((module for module in modules if module in self.targets), None)
        above = [posixpath.dirname(path) + "/"]
        folders = [folder for folder in self.folders if folder in above or is_below(path, [folder])]
        return self.folders[max(folders, key=len)] if folders else None

    def allows(self, module, path):
        """Whether it may include that file; notes by which of its arrows."""
        target = self.module(path)
        if target == module or "*" in self.targets[module]:
            return True
        shown = path.startswith("include/")  # what lies beside a .c is its module's alone
        for word in self.targets[module]:
            if word in (path, path.removeprefix("include/")) or (shown and word == target):
                self.unused.pop((module, word), None)
                return True
        return False


def check_includes(tree, arrows, file, module):
    for line, match in file.find(r'^\s*#\s*include\s+"([^"]+)"', "uncommented"):
        path = resolve(tree, file, match[1])
        if path is None and match[1] != "config.h" and "*" not in arrows.targets[module]:
            yield file.path, line, f'"{match[1]}" is neither beside this file nor in include/'
        elif path and not arrows.allows(module, path):
            yield file.path, line, f"{module} must not include {arrows.module(path)} ({path})"


def check_arrows(tree, _):
    """Includes follow the arrows of the architecture, and every arrow is followed."""
    arrows = Arrows(tree)
    for file in tree.files:
        if not file.is_c and not file.path.endswith(".def"):
            continue
        module = arrows.module(file.path)
        if module is None:
            yield file.path, 1, "belongs to no module of tests/lint/arrows"
            continue
        if module not in arrows.targets:
            yield file.path, 1, f"tests/lint/arrows has no line \"arrow {module}:\""
            continue
        yield from check_includes(tree, arrows, file, module)
        for line, match in file.find(r"^\s*#\s*include\s+<([^>]+)>", "uncommented"):
            for header, modules in arrows.only:
                if match[1].startswith(header) and module not in modules:
                    yield file.path, line, f"<{match[1]}> is only for {', '.join(modules)}"
    if tree.get("tests/lint/arrows"):
        for (module, word), line in arrows.unused.items():
            yield "tests/lint/arrows", line, f"no file of {module} includes {word}"


def check_length(tree, _):
    """Functions and files stay short."""
    for file in tree.files:
        if not file.path.endswith((".c", ".h", ".py", ".sh", ".mjs")):
            continue
        count = len(file.lines)
        if count > FILE_LINES:
            yield file.path, count, f"the file has {count} lines, {FILE_LINES} are allowed"
        start = None
        for line, match in file.find(r"^[{}]") if file.is_c else ():
            if match[0] == "{":
                start = line
            elif start:
                count, start = line - start + 1, None
                if count > FUNCTION_LINES:
                    reason = f"the function has {count} lines, {FUNCTION_LINES} are allowed"
                    yield file.path, line, reason


def check_calls(tree, _):
    """Nobody calls what tests/lint/banned names."""
    rows = []
    for _number, line in table("banned"):
        names, allowed, reason = line.split(None, 2)
        call = "" if names.isupper() else r"\s*\("
        rows.append((rf"\b({names})\b{call}", allowed.split(","), reason))
    for file in tree.c_files:
        for pattern, allowed, reason in rows:
            if not is_below(file.path, allowed):
                for line, match in file.find(pattern):
                    yield file.path, line, f"{match[1]}: {reason}"


def check_form(tree, _):
    """What no tool sees: licence line, #pragma once, comments, goto."""
    for file in tree.files:
        is_source = file.is_c or file.path.endswith((".def", ".mk", ".py", ".sh", ".mjs", ".am"))
        if is_source and "SPDX-License-Identifier: Apache-2.0" not in "".join(file.lines[:2]):
            yield file.path, 1, "has no SPDX line"
    for file in tree.c_files:
        if file.path.endswith(".h") and "#pragma once" not in file.lines:
            yield file.path, 1, "has no #pragma once"
        for line in file.line_comments:
            yield file.path, line, "comments are /* */"
        for line, _match in file.find(r"\bgoto\b"):
            yield file.path, line, "goto: clean up by scope (kv_auto)"


def own_header(tree, file):
    stem = posixpath.splitext(posixpath.basename(file.path))[0]
    rooms = file.path.split("/")[1:-1]
    for path in (
        f"{posixpath.dirname(file.path)}/{stem}.h",
        *(f"include/kv/{room}/{stem}.h" for room in reversed(rooms)),
    ):
        if tree.get(path):
            return path
    return None


def check_order(tree, _):
    """A .c includes its own header first; every block of includes is sorted."""
    for file in tree.below("server", "pkcs11"):
        includes = [
            (line, match[1])
            for line, match in file.find(r'^#include (["<][^">]+)', "uncommented")
        ]
        own = own_header(tree, file) if file.path.endswith(".c") else None
        if own and includes and resolve(tree, file, includes[0][1][1:]) != own:
            yield file.path, includes[0][0], f"its own header {own} comes first"
        for (before, upper), (line, lower) in zip(includes, includes[1:]):
            if line == before + 1 and lower < upper and not lower.endswith(".def"):
                yield file.path, line, f"{lower[1:]} stands below {upper[1:]}: blocks are sorted"


def run(command, **options):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, **options)
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def first_error(output):
    lines = [line for line in output.splitlines() if re.search(r"error|warning", line)]
    return (lines or output.splitlines() or ["says nothing"])[0]


def check_headers(tree, tools):
    """Every header compiles alone, and twice."""
    headers = [file for file in tree.c_files if file.path.endswith(".h")]
    if not tools.compilers:
        yield "tests/lint", 1, "no compiler given (--compile)"

    def compile_alone(job):
        compiler, file = job
        include = f'#include "{file.path}"\n'
        folders = ["-Iinclude", "-I.", "-Itests"]
        done = run(
            compiler.split() + folders + ["-Werror", "-fsyntax-only", "-xc", "-"],
            input=include + include,
            cwd=tree.root,
        )
        return file, compiler, done

    jobs = [(compiler, file) for compiler in tools.compilers for file in headers]
    with ThreadPoolExecutor() as pool:
        for file, compiler, done in pool.map(compile_alone, jobs):
            if done.returncode != 0:
                reason = first_error(done.stderr)
                yield file.path, 1, f"does not compile alone with {compiler.split()[0]}: {reason}"


def check_format(tree, tools):
    """clang-format has nothing to say."""
    if not tools.format:
        yield "tests/lint", 1, "no clang-format given (--format)"
        return
    for file in tree.c_files:
        done = run([tools.format, "--dry-run", "-Werror", file.path], cwd=tree.root)
        for match in re.finditer(r"^[^:\n]+:(\d+):\d+: (error: .*)$", done.stderr, re.M):
            yield file.path, int(match[1]), match[2]
        if done.returncode != 0 and ": error: " not in done.stderr:
            yield file.path, 1, f"{tools.format}: {first_error(done.stderr)}"


def check_places(tree, _):
    """Nothing names a place that is not everybody's."""
    for file in tree.files:
        for pattern, reason in PLACES:
            for line, match in file.find(pattern, "text"):
                yield file.path, line, f"{match[0]}: {reason}"


def check_promises(tree, _):
    """No promise without an issue: TO[D]O(#12) is one with."""
    for file in tree.files:
        for line, match in file.find(r"\b([T]ODO|[F]IXME|[X]XX)\b(?!\(#\d+\))", "text"):
            yield file.path, line, f"{match[0]} without the number of an issue"


def rows_of(file):
    """First word of every X(...) row with its line, quotes removed."""
    for line, match in file.find(r'^X\(\s*("[^"]+"|\w+)', "uncommented"):
        yield line, match[1].strip('"')


def check_rows(tree, _):
    """Every error, option and wording of the tables is used by the server, or by a table of its."""
    code = "\n".join(file.code for file in tree.below("server") if file.path.endswith(".c"))
    code += "\n".join(file.code for file in tree.files if file.path.endswith(".def"))
    used = set(re.findall(r"\bKV_\w+", code))
    for name, prefix in (("err", "KV_"), ("option", "KV_OPTION_"), ("wording", "KV_TEXT_")):
        file = tree.get(f"include/kv/base/{name}.def")
        if file is None:
            yield "include/kv/base", 1, f"{name}.def is missing"
            continue
        for line, symbol in rows_of(file):
            if prefix + symbol not in used:
                yield file.path, line, f"{prefix}{symbol} is used nowhere in server/"


def check_wording(tree, _):
    """What has an inner code is worded by a row: a managed HSM says it in another way."""
    table = tree.get("include/kv/base/err.def")
    rows = table.find(r'^X\((\w+),.*,\s*"\w+"\)', "uncommented") if table else ()
    worded = {"KV_" + row[1] for _line, row in rows}
    for file in tree.below("server"):
        for match in re.finditer(r"\bKV_FAIL\([^,;]*,\s*(KV_\w+)", file.code):
            if match[1] in worded:
                reason = f"{match[1]} is for KV_REFUSE(), by a row of wording.def"
                yield file.path, file.code.count("\n", 0, match.start()) + 1, reason


def check_locks(tree, _):
    """Every lock says which row of lock.def it is, and every row has a lock."""
    file = tree.get("include/kv/base/lock.def")
    if file is None:
        yield "include/kv/base", 1, "lock.def is missing"
        return
    unused = {name: line for line, name in rows_of(file)}
    known = set(unused)
    for source in tree.below("server", "pkcs11"):
        lines = source.lines
        for line, _match in source.find(r"\bpthread_(mutex|rwlock)_t\s+\w+"):
            said = re.search(r"lock\.def: ([\w.]+\w)", "\n".join(lines[max(line - 2, 0) : line]))
            if said and said[1] in known:
                unused.pop(said[1], None)
            else:
                yield source.path, line, "a lock without its row: /* lock.def: NAME */"
    for name, line in unused.items():
        yield file.path, line, f"no lock says that it is {name}"


def check_shipped(tree, _):
    """Every header of include/ is among those that a release ships; a build here finds it anyway."""
    makefile = tree.get("include/local.mk")
    shipped = set(re.findall(r"%D%/(\S+)", makefile.text)) if makefile else set()
    for file in tree.files:
        name = file.path.removeprefix("include/")
        if name != file.path and file is not makefile and name not in shipped:
            yield file.path, 1, "is not in include/local.mk"


def check_roles(tree, _):
    """docs/access.md has a row for every built-in role, and for no other."""
    page = tree.get("docs/access.md")
    said = {match[1]: line for line, match in page.find(r"^\| `([A-Za-z ]+)` \| `[a-z-]+` ", "text")} if page else {}
    for name in ("vault", "hsm"):
        file = tree.get(f"include/kv/access/{name}_role.def")
        rows = file.find(r'^X\("[^"]*", "([^"]+)"', "uncommented") if file else ()
        for line, match in rows:
            if said.pop(match[1], None) is None:
                yield file.path, line, f"docs/access.md has no row for '{match[1]}'"
    for role, line in said.items():
        yield page.path, line, f"there is no built-in role '{role}'"


def check_aadsts(tree, _):
    """What the authority refuses by a number, the server raises, a test names and docs/ explain."""
    file = tree.get("server/api/authority/aadsts.def")
    page = tree.get("docs/authority.md")
    raised = "\n".join(source.code for source in tree.below("server"))
    tested = "\n".join(source.code for source in tree.below("tests") if source.path.endswith(".c"))
    told = "\n".join(re.findall(r"^\| ([\d, ]+) \|", page.text, re.M)) if page else ""
    for line, number in rows_of(file) if file else ():
        for code, pattern, reason in (
            (raised, rf"\bAADSTS_REFUSE\(\w+, {number}\b", "is raised nowhere in server/"),
            (tested, rf"\bAADSTS{number}_|\bexpect_aadsts\({number},", "is named by no test"),
            (told, rf"\b{number}\b", "has no row in docs/authority.md"),
        ):
            if not re.search(pattern, code):
                yield file.path, line, f"AADSTS{number} {reason}"


def check_scenarios(tree, _):
    """Each of docs/examples/ has a row for every scenario, in their order, and for no other."""
    file = tree.get("server/domain/scenarios/table.c")
    rows = [match[1] for _, match in file.find(r'^    \{ \d+, "([a-z-]+)", ', "uncommented")] if file else []
    for name in ("test_scenarios.py", "scenarios.test.mjs", "scenarios_test.go") if file else ():
        example = tree.get(f"docs/examples/{name}")
        if not example:
            yield file.path, 1, f"docs/examples/{name} is missing"
            continue
        found = [(match[1], line) for line, match in example.find(r'^\s+[({[]"([a-z-]+)", ', "text")]
        pairs = zip_longest(rows, found, fillvalue=None)
        for wanted, (seen, line) in ((row, one or (None, len(example.lines))) for row, one in pairs):
            if seen != wanted:
                yield example.path, line, f"has {seen or 'no row'} where the scenarios have {wanted or 'no more'}"
                break


def check_matrix(tree, _):
    """docs/consumer.md says of every scenario what the test of the matrix sees, and nothing else."""
    yield from matrix.check(tree)


def check_circles(tree, _):
    """No two files of server/ and pkcs11/ use each other, directly or around."""
    yield from circles.check(tree)


RULES = {
    "arrows": check_arrows,
    "circles": check_circles,
    "length": check_length,
    "calls": check_calls,
    "form": check_form,
    "order": check_order,
    "headers": check_headers,
    "format": check_format,
    "places": check_places,
    "promises": check_promises,
    "rows": check_rows,
    "wording": check_wording,
    "locks": check_locks,
    "shipped": check_shipped,
    "roles": check_roles,
    "aadsts": check_aadsts,
    "scenarios": check_scenarios,
    "matrix": check_matrix,
}
