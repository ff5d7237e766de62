"""A real Redis, PostgreSQL and coturn for the tests: in a temporary folder, on a free port of this machine's loopback.

Each is one process that the test owns; it is ended by its process id. A test may kill it and start it again.
"""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from tests import compose

# Slow machines need seconds; a server that has not answered by then never will.
LONGEST_START_S = 30.0
DONE = "-- done"


class NotInstalled(Exception):
    """The program is not on this machine; the text names it."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LocalServer:
    """One server process with its folder. As a context manager it is started, and leaves nothing behind."""

    stop_signal = signal.SIGTERM

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="watchroom-test-"))
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """What starts the server in the foreground."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether the server serves yet."""
        raise NotImplementedError

    @property
    def user(self) -> str | None:
        """The account that the server runs under; None: this one."""
        return None

    @property
    def environment(self) -> dict[str, str]:
        """What it gets besides this process's own environment."""
        return {}

    def start(self) -> None:
        """Start it, and wait until it answers. Raises RuntimeError with what it printed if it does not."""
        log = self.folder / "log.txt"
        with log.open("ab") as printed:
            self._process = self._spawn(printed)
        until = time.monotonic() + LONGEST_START_S
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"{self.command()[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def _spawn(self, printed: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            user=self.user,
            env=os.environ | self.environment,
        )

    def stop(self) -> None:
        """End it as an operator would."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def signal(self, number: int) -> None:
        """To its process; an error if it does not run."""
        assert self._process is not None, "it does not run"
        self._process.send_signal(number)

    def __enter__(self) -> Self:
        try:
            self.start()
        except (RuntimeError, OSError):
            shutil.rmtree(self.folder)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder)


class LocalRedis(LocalServer):
    """redis-server without persistence: what it forgets at a restart is what the product must survive."""

    def __init__(self) -> None:
        self._program = self.find()
        super().__init__()

    @staticmethod
    def find() -> str:
        """The program's path. Raises NotInstalled."""
        return _program("redis-server")

    @property
    def url(self) -> str:
        """For `--redis`."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        """Loopback only, nothing on disk."""
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        return [self._program, *options, "--dir", str(self.folder)]

    def answers(self) -> bool:
        """Whether it answers PING."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


class LocalTurn(LocalServer):
    """coturn as compose.yaml starts it, on loopback: 127.0.0.1 is the media server's public address."""

    secret = "known-to-coturn-and-to-the-server-alone"

    def __init__(self) -> None:
        self.find()
        super().__init__()
        given = compose.GIVEN | {"TURN_SECRET": self.secret, "WATCHROOM_PUBLIC_ADDRESS": "127.0.0.1"}
        self._service = compose.composed(given)["services"]["turn"]

    @staticmethod
    def find() -> str:
        """The program's path. Raises NotInstalled."""
        return _program("turnserver")

    @property
    def url(self) -> str:
        """For `turn_urls`."""
        return f"turn:127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The service's, with this server's folder for its /tmp."""
        return {name: self._here(value) for name, value in self._service["environment"].items()}

    def command(self) -> list[str]:
        """The service's own, with addresses behind it. Nothing of the machine's own coturn is read or written."""
        where = ["--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={self.port}"]
        return [*map(self._here, self._service["entrypoint"]), *where, "--allow-loopback-peers", "--verbose"]

    def _here(self, text: str) -> str:
        return text.replace("/tmp/", f"{self.folder}/")

    def answers(self) -> bool:
        """Whether it takes connections: it listens for TCP and UDP alike."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    @property
    def log(self) -> str:
        """What it has printed."""
        return (self.folder / "log.txt").read_text(errors="replace")


class LocalPostgres(LocalServer):
    """One PostgreSQL cluster; each test gets a database of its own from it."""

    stop_signal = signal.SIGINT  # "fast": ends open sessions instead of waiting for them

    def __init__(self) -> None:
        # PostgreSQL refuses to run as root.
        self._account = _unprivileged() if os.geteuid() == 0 else None
        self._initdb = self.find()
        self._terminal: subprocess.Popen[str] | None = None
        super().__init__()
        if self._account:
            os.chown(self.folder, pwd.getpwnam(self._account).pw_uid, -1)

    @staticmethod
    def find() -> str:
        """The path of initdb, beside which the other programs lie. Raises NotInstalled."""
        folders = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
        return _program("initdb", *folders)

    @property
    def user(self) -> str | None:
        """Not root."""
        return self._account

    @property
    def _folder_for_data(self) -> str:
        return str(self.folder / "cluster")

    def _beside(self, name: str) -> str:
        return str(Path(self._initdb).resolve().parent / name)

    def start(self) -> None:
        """Make the cluster the first time, then start it."""
        if not os.path.exists(self._folder_for_data):
            how = ["--auth=trust", "--username=watchroom", "--no-sync", "--encoding=UTF8", "--no-locale"]
            self._run([self._initdb, "-D", self._folder_for_data, *how])
        super().start()

    def command(self) -> list[str]:
        """Loopback only; no fsync, for a test's database need not outlive the machine."""
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "max_wal_size": "64MB",
            "autovacuum": "off",  # no database lives for a second
            "max_connections": "60",
            "shared_buffers": "16MB",
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [self._beside("postgres"), "-D", self._folder_for_data, *settings]

    def answers(self) -> bool:
        """Whether it accepts sessions."""
        return self._process is not None and self._called("pg_isready", "-d", "postgres").returncode == 0

    def create(self, name: str, like: str = "template1") -> str:
        """A new database, empty or `like` another, to which nobody is connected; returns its URL for `--database`."""
        self._told(f"CREATE DATABASE {name} TEMPLATE {like}")
        return f"postgresql://watchroom@127.0.0.1:{self.port}/{name}"

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._told(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def kill(self) -> None:
        """As a power cut would, and the terminal with it."""
        self._hang_up()
        super().kill()

    def stop(self) -> None:
        """As an operator would, who hangs up first."""
        self._hang_up()
        super().stop()

    def _told(self, statement: str) -> None:
        """Have a statement carried out, by one psql for all of them: its start would take longer than what it does."""
        if self._terminal is None:
            where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "watchroom", "-d", "postgres"]
            quiet = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
            pipe = subprocess.PIPE
            command = [self._beside("psql"), *where, *quiet]
            self._terminal = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)
        terminal = self._terminal
        assert terminal.stdin is not None and terminal.stdout is not None  # pipes
        terminal.stdin.write(f"SET client_min_messages = error; {statement};\n\\echo {DONE}\n")
        terminal.stdin.flush()
        said = terminal.stdout.readline()
        if said.strip() != DONE:
            self._hang_up()
            raise RuntimeError(f"{statement}: {said}")

    def _hang_up(self) -> None:
        terminal, self._terminal = self._terminal, None
        if terminal is not None:
            terminal.communicate()

    def _called(self, program: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "watchroom"]
        return self._run([self._beside(program), *where, *arguments], check=False)

    def _run(self, command: list[str], check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            user=self._account,
            timeout=LONGEST_START_S,
            check=check,
        )


def chromium() -> str:
    """The path of a Chromium or Chrome. Raises NotInstalled."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    raise NotInstalled("chromium is not installed")


def _program(name: str, *folders: str) -> str:
    """Where a program is: the newest version in the folders, or on PATH. Raises NotInstalled."""
    for folder in folders:
        for path in sorted(glob.glob(os.path.join(folder, name)), key=_version, reverse=True):
            return path
    found = shutil.which(name)
    if found is None:
        raise NotInstalled(f"{name} is not installed")
    return found


def _version(path: str) -> list[int]:
    return [int(part) for part in path.split("/") if part.isdigit()]


def _unprivileged() -> str:
    names = {account.pw_name for account in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)
