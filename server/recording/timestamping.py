"""Has every signed recording timestamped by an authority (RFC 3161), as soon as that can be reached.

The answer is kept beside the manifest, whose bytes it does not change. What lies on disk is the list of what is to be done:
so nothing is lost by a restart, and it does not matter which process closed a recording.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from pathlib import Path
from typing import Self

import aiohttp
import structlog

from server.clock import Clock
from server.config import Config
from server.private_file import sync_folder, write_private
from server.recording.folder import MANIFEST
from server.recording.segment import is_recording_id
from server.recording.timestamp import ANSWER_TYPE, REQUEST_TYPE, granted, request
from server.recording.verifier import FAIL, TIMESTAMP
from server.recording.vouching import checked_certificates, vouched
from server.tasks import TaskOwner

log = structlog.get_logger(__name__)

LOOK_S = 10.0
LONGEST_PAUSE_S = 600.0  # between two tries while the authority is away
ANSWER_S = 30.0
MOST_BYTES = 64 << 10  # of an answer; with three certificates it is some 6 kB
NONCE_BITS = 63


class Timestamping:
    """Of one folder of recordings. `certificates`: those by which the authority's timestamps are checked, if given."""

    def __init__(self, root: Path, url: str, certificates: Path | None, clock: Clock) -> None:
        self._root = root
        self._url = url
        self._certificates = certificates
        self._clock = clock
        self._stamped: dict[str, int] = {}  # recordings of which nothing was left, when their folder last changed (ns)
        self._pause_s = 0.0
        self._not_before = clock.monotonic()
        self.waiting = 0  # signed recordings that are not yet timestamped

    @classmethod
    def of(cls, config: Config, root: Path, clock: Clock) -> Self | None:
        """As it is set; None without an authority. Raises StartError when its certificates cannot be used."""
        if config.tsa_url is None:
            return None
        return cls(root, config.tsa_url, checked_certificates(config.tsa_ca) if config.tsa_ca else None, clock)

    def start(self, tasks: TaskOwner) -> None:
        """Ask from now on, in the background."""
        tasks.repeat(LOOK_S, self.run, "recording.timestamp")

    async def run(self) -> None:
        """Have all stamped that are not; while the authority is away, ever less often."""
        left = await asyncio.to_thread(self._unstamped)
        self.waiting = len(left)
        if not left or self._clock.monotonic() < self._not_before:
            return
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S), trust_env=True) as session:
            are_all = await self._stamp_all(session, left)
        self._pause_s = 0.0 if are_all else min(LONGEST_PAUSE_S, max(LOOK_S, 2 * self._pause_s))
        self._not_before = self._clock.monotonic() + self._pause_s

    async def _stamp_all(self, session: aiohttp.ClientSession, recording_ids: list[str]) -> bool:
        """Whether each could be."""
        are_all = True
        for recording_id in recording_ids:
            try:
                await self._stamp(session, recording_id)
                self.waiting -= 1
            except (OSError, aiohttp.ClientError, TimeoutError, ValueError) as error:
                are_all = False
                log.warning("not yet timestamped", recording_id=recording_id, reason=str(error) or "no answer")
                if not isinstance(error, ValueError):  # it is away, for the others too
                    break
        return are_all

    async def _stamp(self, session: aiohttp.ClientSession, recording_id: str) -> None:
        folder = self._root / recording_id
        manifest = await asyncio.to_thread((folder / MANIFEST).read_bytes)
        digest, nonce = hashlib.sha256(manifest).digest(), secrets.randbits(NONCE_BITS)
        response = await self._ask(session, request(digest, nonce))
        at = granted(response, digest, nonce)
        if self._certificates is not None:
            verdict, why = await asyncio.to_thread(vouched, response, manifest, self._certificates)
            if verdict == FAIL:
                raise ValueError(f"the authority's certificates do not vouch for its timestamp: {why}")
        await asyncio.to_thread(_keep, folder / TIMESTAMP, response)
        log.info("a recording is timestamped", recording_id=recording_id, at=at)

    async def _ask(self, session: aiohttp.ClientSession, asked: bytes) -> bytes:
        headers = {"Content-Type": REQUEST_TYPE, "Accept": ANSWER_TYPE}
        async with session.post(self._url, data=asked, headers=headers, allow_redirects=False) as answer:
            if answer.status != 200:
                raise OSError(f"the authority answers with status {answer.status}")
            body = b""
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise ValueError("its answer is too large")
            return body

    def _unstamped(self) -> list[str]:
        """Signed recordings, and parts of them, without a timestamp, oldest first: their folders below the root."""
        names = sorted(name for name in _listed(self._root) if is_recording_id(name))
        self._stamped = {name: self._stamped[name] for name in names if name in self._stamped}
        return [left for name in names for left in self._unstamped_in(name)]

    def _unstamped_in(self, name: str) -> list[str]:
        folder = self._root / name
        try:
            changed = folder.stat().st_mtime_ns
        except FileNotFoundError:  # deleted just now
            return []
        if self._stamped.get(name) == changed:
            return []
        signed = [path.parent for path in sorted([*folder.glob(MANIFEST), *folder.glob(f"*/{MANIFEST}")])]
        left = [str(one.relative_to(self._root)) for one in signed if not (one / TIMESTAMP).exists()]
        if folder in signed and not left:
            self._stamped[name] = changed  # until something comes into it
        return left


def stamped(root: Path, has_authority: bool, recording_id: str) -> bool | None:
    """Whether an authority's timestamp of it is there; None where nobody was asked for one. Blocks."""
    return True if (root / recording_id / TIMESTAMP).is_file() else False if has_authority else None


def _listed(root: Path) -> list[str]:
    try:
        return os.listdir(root)
    except FileNotFoundError:
        return []


def _keep(path: Path, response: bytes) -> None:
    write_private(path, response)
    sync_folder(path.parent)
