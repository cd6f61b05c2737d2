# SPDX-License-Identifier: Apache-2.0
"""Runs tests and writes down how many there were: suite.py COUNTS test_FILE.py..."""

import sys
import unittest
from pathlib import Path


def main(counts, *names):
    modules = [name.removesuffix(".py") for name in names]
    tests = unittest.defaultTestLoader.loadTestsFromNames(modules)
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(tests)
    broken = len(result.failures) + len(result.errors)
    # A class whose preparation failed is an error without a test.
    ran = max(result.testsRun, broken + len(result.skipped))
    passed = ran - broken - len(result.skipped)
    Path(counts).write_text(f"{ran} {passed} {len(result.skipped)}\n", encoding="ascii")
    return not result.wasSuccessful()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
