"""Shared by all tests: a real Redis, PostgreSQL and Chromium; and no test may leave a task behind."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings

from server.database import Database
from tests.local_servers import LocalPostgres, LocalRedis, LocalTurn, NotInstalled, chromium

HERE = Path(__file__).parent

# A deadline measures the machine, not the program: two cores may be busy with other tests.
settings.register_profile("watchroom", deadline=None)
settings.load_profile("watchroom")

# aiortc 1.16 lets this one wait for ever when a connection is closed while it is being made; it holds nothing.
LEFT_BY_AIORTC = "RTCPeerConnection.__connect"

# What is run first: workers take a file at a time, and one that began such a file last would leave the other core with nothing
# to do. The others are run by name; so test_recording and its like, which measure time, come when the tools that read the
# source have long ended beside them, and yet not last.
FIRST = (
    "browser/test_replay.py",  # 180 s
    "browser/test_wall.py",  # 100
    "browser/test_rewind.py",
    "browser/test_design.py",
    "browser/test_kiosk.py",
    "browser/test_outage.py",
    "browser/test_incident.py",
    "browser/test_crowded.py",
)

# Turns of the loop that a cancelled task gets to end after its owner has closed.
LAST_TURNS = 10


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[LocalRedis]:
    """The session's own redis-server. A test that kills it starts it again."""
    try:
        server = LocalRedis()
    except NotInstalled as missing:
        pytest.skip(str(missing))
    with server:
        yield server


@pytest.fixture
def redis_server(redis_cluster: LocalRedis) -> LocalRedis:
    """A running Redis, even if the test before killed it."""
    if not redis_cluster.answers():
        redis_cluster.kill()
        redis_cluster.start()
    return redis_cluster


@pytest.fixture
def redis_url(redis_server: LocalRedis) -> str:
    """For `--redis`."""
    return redis_server.url


@pytest.fixture
def turn_server() -> Iterator[LocalTurn]:
    """A coturn of its own, so that what it logs is about one test."""
    try:
        server = LocalTurn()
    except NotInstalled as missing:
        pytest.skip(str(missing))
    with server:
        yield server


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[LocalPostgres]:
    """The session's own PostgreSQL."""
    try:
        server = LocalPostgres()
    except NotInstalled as missing:
        pytest.skip(str(missing))
    with server:
        yield server


@pytest.fixture
def postgres_url(postgres_cluster: LocalPostgres) -> Iterator[str]:
    """A new, empty database on a real PostgreSQL; for `--database`."""
    name = f"watchroom_{secrets.token_hex(6)}"
    yield postgres_cluster.create(name)
    postgres_cluster.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return str(tmp_path / "watchroom.sqlite")
    return str(request.getfixturevalue("postgres_url"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite that was migrated once, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "watchroom.sqlite"
    await _migrate(str(path))
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def migrated_template(postgres_cluster: LocalPostgres) -> str:
    """The name of a PostgreSQL database that was migrated once."""
    name = "migrated"
    await _migrate(postgres_cluster.create(name))
    return name


async def _migrate(url: str) -> None:
    database = Database(url)
    await database.migrate()
    await database.close()


@pytest.fixture
def migrated_sqlite(migrated_file: Path, tmp_path: Path) -> str:
    """The path of a migrated SQLite without a row."""
    return str(shutil.copyfile(migrated_file, tmp_path / "watchroom.sqlite"))


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database without a row: the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("migrated_sqlite")
        return
    cluster: LocalPostgres = request.getfixturevalue("postgres_cluster")
    name = f"watchroom_{secrets.token_hex(6)}"
    yield cluster.create(name, like=request.getfixturevalue("migrated_template"))
    cluster.drop(name)


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[Database]:
    """A migrated database: the test runs once on SQLite and once on PostgreSQL."""
    database = Database(migrated_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """A Chromium for Playwright's `executable_path`."""
    try:
        return chromium()
    except NotInstalled as missing:
        pytest.skip(str(missing))


@pytest.fixture
async def no_task_left() -> AsyncIterator[None]:
    """Fails a test after which a task still runs: whatever starts one must also end it."""
    before = asyncio.all_tasks()
    yield
    left = set()
    for _ in range(LAST_TURNS):
        left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()}
        left = {task for task in left if LEFT_BY_AIORTC not in repr(task.get_coro())}
        if not left:
            return
        await asyncio.sleep(0)
    pytest.fail("tasks left behind: " + ", ".join(sorted(repr(task) for task in left)))


def pytest_configure(config: pytest.Config) -> None:
    """Servers and cameras that a test starts run on this very Python, which has all that they need.

    asyncio's debug mode (pyproject.toml) refuses calls from the wrong thread and blocking sockets, by the loop's own
    note of it. Futures and callbacks ask `get_debug` and write down the stack that made them, which took half of some
    tests' processor time: only who asks for --asyncio-debug gets that.
    """
    os.environ["WATCHROOM_SETUP"] = "off"
    if not config.getoption("asyncio_debug"):
        asyncio.BaseEventLoop.get_debug = lambda self: False  # type: ignore[method-assign]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`FIRST`; the others stay as they are."""
    rank = {HERE / name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: rank.get(item.path, len(FIRST)))


def pytest_collection_finish() -> None:
    """What is loaded now stays: no search for garbage looks at it again (half a million objects, in each process)."""
    gc.freeze()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Each asynchronous test is watched by `no_task_left`, set up before its own fixtures and so closed after them."""
    if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
        item.fixturenames.insert(0, "no_task_left")
