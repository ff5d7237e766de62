"""The tests' own Redis, PostgreSQL and coturn come, go, and leave nothing."""

from __future__ import annotations

import os

import pytest

from tests.local_servers import LocalPostgres, LocalRedis, LocalServer, LocalTurn, NotInstalled, _program


@pytest.mark.parametrize("kind", [LocalRedis, LocalPostgres, LocalTurn])
def test_killed_and_started_again_it_answers_on_the_same_port(kind: type[LocalServer]) -> None:
    with kind() as server:
        folder, port = server.folder, server.port
        server.kill()
        assert not server.answers()
        server.start()
        assert server.answers() and server.port == port
    assert not server.answers() and not os.path.exists(folder)


def test_a_missing_program_is_named() -> None:
    with pytest.raises(NotInstalled, match="no-such-server is not installed"):
        _program("no-such-server", "/nowhere/*/bin")
