# SPDX-License-Identifier: Apache-2.0
"""Proves that the test of the docs finds what is wrong with a page, before it is believed.

Prints nothing but a line for tests/driver, unless something is found to be missed.
"""

import contextlib
import io
import sys
import unittest
from pathlib import Path

import docs
import troubles
from blocks import Complaint, read_page
from shell import Failure, Site, has_json, has_text

SOURCES = Path(__file__).parents[2]
RUN = "<!-- test: run -->\n"


def page_of(text):
    return read_page("page.md", text)


class Page(unittest.TestCase):
    def refused(self, text, reason):
        with self.assertRaisesRegex(Complaint, reason):
            page_of(text)

    def test_a_block_without_a_verdict_is_refused(self):
        self.refused("text\n\n    true\n", "page.md:3: no comment says")
        self.refused("```sh\ntrue\n```\n", "page.md:2: no comment says")
        self.refused("text\n\n```\nlost\n```\n", "page.md:4: no comment says")
        self.refused("text\n\n```js\nlost()\n```\n", "page.md:4: no comment says")

    def test_a_reason_is_demanded(self):
        self.refused("<!-- test: not run -->\n\n```\nx\n```\n", "says nothing that the test knows")

    def test_a_comment_belongs_to_a_block(self):
        self.refused("<!-- test: run -->\n\ntext\n", "no block follows")
        self.refused("<!-- test: run -->\n", "no block follows")

    def test_a_block_has_one_verdict(self):
        self.refused("<!-- test: run -->\n<!-- test: json -->\n\n    true\n", "two verdicts")

    def test_an_unknown_word_is_refused(self):
        self.refused("<!-- test: run, sings -->\n\n    true\n", "what is 'sings'")
        self.refused("<!-- test: runs -->\n\n    true\n", "says nothing that the test knows")

    def test_a_fence_has_an_end(self):
        self.refused("```sh\ntrue\n", "not closed")

    def test_indented_lines_are_code_and_those_of_a_list_are_text(self):
        blocks = page_of("text\n\n" + RUN + "    true\n\n    false\n\n- one\n\n    of the list\n\ntext\n    more\n")
        self.assertEqual([(one.verdict, one.text) for one in blocks], [("run", "true\n\nfalse\n")])


class Verdict(unittest.TestCase):
    """Pages that are wrong, and what is said of each block."""

    def check(self, text):
        tally = docs.Tally()
        new_site = lambda: Site(SOURCES, "/nonexistent", {}, {"8443": 4711, "8080": 4712})
        with contextlib.redirect_stdout(io.StringIO()) as said:
            docs.check_page(tally, SOURCES, new_site, {}, page_of(text))
        return tally, said.getvalue()

    def failed(self, text, reason):
        tally, said = self.check(text)
        self.assertEqual(tally.failed, 1, said)
        self.assertIn(reason, said)

    def passed(self, text, number=1):
        tally, said = self.check(text)
        self.assertEqual((tally.failed, sum(tally.verdicts.values())), (0, number), said)

    def test_a_command_that_fails_is_found(self):
        self.failed(RUN + "    true\n    false\n    true\n", "page.md:2: run\n       fails")
        self.failed(RUN + "    false | cat\n", "fails")
        self.passed(RUN + "    true\n")

    def test_what_comes_after_it_was_not_reached(self):
        tally, said = self.check(RUN + "    false\n\n" + RUN + "    true\n")
        self.assertEqual(tally.failed, 2, said)
        self.assertIn("page.md:5: run\n       was not reached", said)

    def test_a_refusal_that_the_page_does_not_show_is_found(self):
        refusal = """    echo '{"error":{"code":"Forbidden"}}'\n"""
        self.failed(RUN + refusal, "is refused")
        self.failed("<!-- test: run, says Forbidden -->\n" + refusal + refusal, "is refused")
        self.failed("<!-- test: run, says Conflict -->\n" + refusal, "does not say 'Conflict'")
        self.passed("<!-- test: run, says Forbidden -->\n" + refusal)

    def test_an_answer_that_differs_is_found(self):
        self.failed(RUN + "    echo one\n\n<!-- test: answer -->\n\n    two\n", "shows")
        self.failed(RUN + """    echo '{"a":1,"b":2}'\n\n<!-- test: answer -->\n\n    {"a":1}\n""", "shows")
        self.failed(RUN + """    echo '{"a":1,"b":2}'\n\n<!-- test: answer -->\n\n    {"b":2,"a":1}\n""", "shows")
        self.passed(RUN + """    echo '{"a":1}'\n\n<!-- test: answer -->\n\n    {"a": 1}\n""", 2)

    def test_an_answer_is_that_of_the_block_before(self):
        page = RUN + "    echo one\n\n" + RUN + "    echo two\n\n<!-- test: answer -->\n\n    one\n"
        self.failed(page, "shows")

    def test_what_is_skipped_is_neither_run_nor_passed(self):
        tally, said = self.check("<!-- test: run, needs js -->\n\n    false\n")
        self.assertEqual(tally.skipped, {("page.md", "without js"): 1}, said)
        self.assertEqual(sum(tally.verdicts.values()), 0, said)

    def test_a_reason_is_shown(self):
        tally, _ = self.check("<!-- test: not run: takes a ship, and a sea -->\n\n    false\n")
        self.assertEqual(tally.reasons, {"takes a ship, and a sea": 1})

    def test_a_page_that_has_grown_too_long_is_found(self):
        tally = docs.Tally()
        with contextlib.redirect_stdout(io.StringIO()):
            docs.check_length(tally, "README.md", "x" * docs.LONGEST["README.md"])
            self.assertEqual(tally.failed, 0)
            docs.check_length(tally, "README.md", "x" * (docs.LONGEST["README.md"] + 1))
        self.assertEqual(tally.failed, 1)

    def test_nothing_at_all_is_no_success(self):
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertTrue(docs.Tally().close())

    def test_a_program_or_goal_that_is_not_there_is_found(self):
        self.failed("<!-- test: named -->\n\n    make lint\n    make coffee\n", "there is no coffee")
        self.failed("<!-- test: named -->\n\n    docker/brew\n", "there is no docker/brew")
        self.passed("<!-- test: named -->\n\n    make lint   # rules\n    ./bootstrap check\n")

    def test_a_line_that_the_file_does_not_have_is_found(self):
        part = "<!-- test: part of LICENSE -->\n\n```\n{}\n{}\n```\n"
        lines = [line for line in (SOURCES / "LICENSE").read_text().splitlines() if line.strip()][:2]
        self.passed(part.format(*lines))
        self.failed(part.format(*reversed(lines)), "LICENSE does not have, or not there")

    def test_json_that_is_none_is_found(self):
        self.failed('<!-- test: json -->\n\n    {"a":1,}\n', "not of the form of JSON")
        self.passed('<!-- test: json -->\n\n    {"a":…,("b":…,)"c":1}\n')

    def test_ports_are_those_that_are_used(self):
        self.passed(RUN + "    test 8443 -eq 4711\n")

    def test_what_was_not_pinned_is_not_installed(self):
        self.failed(RUN + "    npm install left-pad\n", "left-pad is not among the packages")

    def test_a_file_that_cannot_be_built_is_found(self):
        self.failed(RUN + "    docker build -f docker/Nofile -t coffer .\n", "cannot build docker/Nofile")


class Text(unittest.TestCase):
    def test_dots_stand_for_anything_and_blanks_for_blanks(self):
        self.assertTrue(has_text("a … d", "x a b\n c  d"))
        self.assertFalse(has_text("a … d", "d c b a"))
        self.assertFalse(has_text("a.c", "abc"))

    def test_json_may_stand_behind_headers(self):
        self.assertTrue(has_json('{"a":[1]}', 'HTTP/1.1 200\n\n{"a": [1]}'))
        self.assertFalse(has_json('{"a":[1]}', "no"))


class Trouble(unittest.TestCase):
    def test_a_client_that_says_something_else_is_found(self):
        class Clients:
            site = type("Site", (), {"local": staticmethod(lambda text: text)})

            @staticmethod
            def ask(_):
                return "there is no trouble"

        row = troubles.Row("page.md:1", "trust", "Go", ["certificate"])
        self.assertIn("Go does not say\ncertificate", troubles.check_row(Clients, row))
        row.says = ["no trouble"]
        self.assertIsNone(troubles.check_row(Clients, row))
        row.says = []
        self.assertIsNotNone(troubles.check_row(Clients, row))

    def test_each_trouble_is_told_of_and_each_row_provoked(self):
        for page, reason in [
            ("<!-- trouble: rust -->\n", "nobody knows how to provoke 'rust'"),
            ("| Go | `x` |\n", "no comment says how to provoke this"),
            ("<!-- trouble: trust -->\n\n# Next\n\n| Go | `x` |\n", "no comment says"),
            ("<!-- trouble: trust -->\n\n| Go | `x` |\n", "nothing of .*clock"),
        ]:
            with self.assertRaisesRegex(Failure, reason):
                troubles.read_rows("page.md", page)


def main():
    tests = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    result = unittest.TextTestRunner(stream=io.StringIO(), verbosity=0).run(tests)
    broken = result.failures + result.errors
    for test, trace in broken:
        print(f"FAILED {test}\n{trace}")
    print(f"Tested: {result.testsRun} | Passing: {result.testsRun - len(broken)}", end=" ")
    print(f"| Failing: {len(broken)} | Crashing: 0")
    return not result.wasSuccessful()


if __name__ == "__main__":
    sys.exit(main())
