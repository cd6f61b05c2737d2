# SPDX-License-Identifier: Apache-2.0
"""Runs the tests and says how many there were: suite.py COUNTS [test_FILE...]"""

import sys
import unittest
from pathlib import Path

HERE = Path(__file__).parent


def load(names):
    loader = unittest.TestLoader()
    if names:
        return loader.loadTestsFromNames([name.removesuffix(".py") for name in names])
    return loader.discover(str(HERE), pattern="test_*.py")


def main(counts, *names):
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(load(names))
    broken = len(result.failures) + len(result.errors)
    # A class whose preparation failed is an error without a test.
    ran = max(result.testsRun, broken + len(result.skipped))
    passed = ran - broken - len(result.skipped)
    Path(counts).write_text(f"{ran} {passed} {len(result.skipped)}\n", encoding="ascii")
    return not result.wasSuccessful()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
