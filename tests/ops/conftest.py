"""The counter of conformance checks."""

from __future__ import annotations

import pytest

from tests.ops.summary import Counter, counter


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Counter:
    return counter(request)
