# SPDX-License-Identifier: Apache-2.0
"""What schemathesis is to know: a request that waits is to wait a moment only."""

import schemathesis

WAITS = ("POST /control/v1/requests/wait", "POST /control/v1/events/wait")


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.operation.label not in WAITS or not isinstance(case.body, dict):
        return
    timeout = case.body.get("timeout")
    if timeout is None or (type(timeout) in (int, float) and 0 <= timeout <= 590):
        case.body["timeout"] = 0.01
