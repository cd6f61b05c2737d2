# SPDX-License-Identifier: Apache-2.0
import pytest
from daemon import running


@pytest.fixture
def daemon():
    with running() as one:
        yield one
