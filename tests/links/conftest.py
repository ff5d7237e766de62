"""An emulated network for each test that asks for one; where the machine cannot have it, the reason why not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.links.namespaces import why_not
from tests.links.network import Network


@pytest.fixture
def network() -> Iterator[Network]:
    """The test runs on the server's side of it."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    with Network() as running:
        yield running
