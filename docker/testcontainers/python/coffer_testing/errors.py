# SPDX-License-Identifier: Apache-2.0
"""What goes wrong on this side."""


class CofferError(Exception):
    """What the control port refused: `status` of HTTP, `code`, and its words."""

    def __init__(self, status, code, message):
        super().__init__(f"{code}: {message} (status {status})")
        self.status = status
        self.code = code
