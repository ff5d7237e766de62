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


def test_a_database_is_made_and_dropped_also_after_the_server_was_killed_and_a_refusal_is_told() -> None:
    with LocalPostgres() as server:
        server.create("one")
        server.kill()
        server.start()
        with pytest.raises(RuntimeError, match="already exists"):
            server.create("one")
        server.create("two", like="one")
        for name in ("one", "two", "none"):
            server.drop(name)
        server.create("one")


def test_a_missing_program_is_named() -> None:
    with pytest.raises(NotInstalled, match="no-such-server is not installed"):
        _program("no-such-server", "/nowhere/*/bin")
