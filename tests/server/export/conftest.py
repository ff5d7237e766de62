"""A desk for every test here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.database import Database
from tests.server.export.desk import Desk, open_desk


@pytest.fixture
async def desk(tmp_path: Path, database: Database) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path, database) as found:
        yield found
