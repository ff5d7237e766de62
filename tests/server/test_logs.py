"""What stands in the log, and what must not."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from server import logs


@pytest.fixture
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.usefixtures("as_before")
@pytest.mark.parametrize("json", [True, False])
def test_an_unforeseen_error_shows_its_trace_and_no_variables(json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=json)
    password = "-".join(("correct", "horse"))
    try:
        if password:
            raise LookupError("nobody foresaw this")
    except LookupError:
        structlog.get_logger("test").exception("unforeseen error")
    told = capsys.readouterr().err
    assert "nobody foresaw this" in told
    assert "test_logs.py" in told
    assert password not in told
