# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of the page and counts them for tests/driver: suite.py COFFER [test_FILE.py...]"""

import sys
import tempfile
import unittest
from pathlib import Path

import support
from webdriver import Browser, Refused

HERE = Path(__file__).parent


def try_browser():
    """Why there is none, or nothing. A machine may have one that cannot start there."""
    with tempfile.TemporaryDirectory(prefix="coffer-page.") as scratch:
        try:
            Browser(scratch).close()
        except (AssertionError, OSError, Refused) as error:
            return str(error).splitlines()[0]
    return ""


def main(coffer, *names):
    support.COFFER = coffer
    missing = try_browser()
    if missing:
        print(f"skipped: no browser starts here: {missing}")
        return 77
    files = names or sorted(path.name for path in HERE.glob("test_*.py"))
    tests = unittest.defaultTestLoader.loadTestsFromNames([name.removesuffix(".py") for name in files])
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(tests)
    broken = len({test.id() for test, _ in result.failures + result.errors})
    skipped = len(result.skipped)
    ran = max(result.testsRun, broken + skipped)
    print(f"Tested: {ran} | Passing: {ran - broken - skipped} | Failing: {broken} | Crashing: 0"
          f" | Skipped: {skipped}")
    return int(not result.wasSuccessful() or ran == 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
