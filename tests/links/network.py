"""A camera's network for a test: its namespace, the server's, and the emulated link between them.

    with Network() as network:
        network.change(up=Conditions(loss=0.1))

Inside the block this thread is on the server's side: servers, browsers and viewers that it starts are there. A camera
is started by `network.camera_side` before its command.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from tests.installation import ENVIRONMENT, ROOT
from tests.links import namespaces
from tests.links.emulator import FAR, NEAR
from tests.links.link_model import PERFECT, Conditions

END_S = 10.0


class Network:
    """`server_address` is where a camera finds the server; `mapped` how the server sees the camera."""

    server_address = FAR

    def __init__(self) -> None:
        self.mapped = NEAR
        self.up = self.down = PERFECT
        self._rebound = 0
        self._closing = ExitStack()
        self._near = ""
        self._process: subprocess.Popen[str] | None = None

    @property
    def camera_side(self) -> tuple[str, ...]:
        """The words that start a program behind the link."""
        return ("ip", "netns", "exec", self._near)

    def change(self, up: Conditions | None = None, down: Conditions | None = None) -> None:
        """The link is like this from now on; the direction that is not named stays as it is."""
        self.up, self.down = up or self.up, down or self.down
        self._order({"up": asdict(self.up), "down": asdict(self.down)})

    def cut(self) -> None:
        """Nothing gets through, until `change` or `mend`."""
        self._order({"up": {"down": True}, "down": {"down": True}})

    def mend(self) -> None:
        """As it was before `cut`."""
        self.change()

    def rebind(self) -> str:
        """The camera is seen by a new address from now on; which one."""
        self._rebound += 1
        self.mapped = f"10.88.0.{10 + self._rebound % 200}"
        self._order({"rebind": self.mapped})
        return self.mapped

    def counts(self) -> dict[str, dict[str, int]]:
        """By direction: packets `offered`, `lost`, `overflowed`, `arrived`, `not_mapped`; and `arrived_bytes`."""
        return self._order({})

    def _order(self, order: dict[str, Any]) -> dict[str, dict[str, int]]:
        assert self._process is not None and self._process.stdin is not None, "the network does not run"
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, dict[str, int]]:
        assert self._process is not None and self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            raise RuntimeError(f"the link emulator ended: {self._process.stderr.read()}")
        found: dict[str, dict[str, int]] = json.loads(line)
        return found

    def __enter__(self) -> Self:
        namespaces.sweep()
        with ExitStack() as closing:
            self._near = closing.enter_context(namespaces.namespace("camera"))
            far = closing.enter_context(namespaces.namespace("server"))
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.links.emulator", self._near, far],
                cwd=ROOT,
                env=os.environ | ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            closing.callback(self._end)
            self._answer()
            closing.enter_context(namespaces.inside(far))
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def _end(self) -> None:
        process, self._process = self._process, None
        assert process is not None  # started above
        try:
            process.communicate(timeout=END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
