# SPDX-License-Identifier: Apache-2.0
"""The tests use the plug-in that they test; the program is the one of $COFFER."""

pytest_plugins = ["pytester"]
