"""Viewers of one source who are sent the same packets under the same numbers: a run is prepared once for all of them.

Most who look at one camera are (see SharedStart). What each of them would reckon for itself, how far its numbering has
come and what it was sent, is reckoned once: of 50 viewers' forwarding that was a tenth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from server.media.renumbering import Progress, Stretch
from server.media.run import Numbers, Run
from server.media.track import DownTrack


@dataclass(slots=True)
class Sent:
    """Packets, bytes of RTP, and of them the payload as a sender report counts it (RFC 3550 section 6.4.1)."""

    packets: int = 0
    octets: int = 0
    payload: int = 0

    def add(self, run: Run) -> None:
        """A run went out."""
        self.packets += run.count
        self.octets += run.octets
        self.payload += run.payload

    def take_off(self, run: Run) -> None:
        """A run that was counted did not."""
        self.packets -= run.count
        self.octets -= run.octets
        self.payload -= run.payload

    def __add__(self, other: Sent) -> Sent:
        return Sent(self.packets + other.packets, self.octets + other.octets, self.payload + other.payload)

    def __sub__(self, other: Sent) -> Sent:
        return Sent(self.packets - other.packets, self.octets - other.octets, self.payload - other.payload)


class Together(Protocol):
    """Several peers as one. `send` tells the places of those whom the run could not leave for."""

    def send(self, run: Run, numbers: Numbers) -> Sequence[int]: ...


class Outgoing(Protocol):
    """A peer, as a unison needs it."""

    def together(self, peers: Sequence[Any]) -> Together: ...


class Member(DownTrack, Protocol):
    """A viewer's track. Told that it joins and that it leaves, it keeps its own figures right."""

    @property
    def peer(self) -> Outgoing: ...

    @property
    def progress(self) -> Progress: ...

    @property
    def stretch(self) -> Stretch[Any] | None: ...

    def join(self, unison: Unison) -> None: ...

    def leave(self) -> None: ...

    def send_alone(self, runs: Sequence[Run]) -> None: ...

    def note_unsent(self, run: Run) -> None: ...


class Unison:
    """Of one source. `sent` is what was sent to each member since it was made."""

    def __init__(self, numbers: Numbers, progress: Progress) -> None:
        self.numbers = numbers
        self.progress = progress
        self.sent = Sent()
        self._members: dict[DownTrack, Member] = {}
        self._together: Together | None = None  # of those who are members now
        self._starts_at = 0  # of the one who began last: what lies before it is not for everybody

    def __len__(self) -> int:
        return len(self._members)

    @property
    def members(self) -> list[Member]:
        """In the order in which they joined."""
        return list(self._members.values())

    def admit(self, member: Member) -> bool:
        """Take `member` in, if its numbers are these and it has been sent all that the others were."""
        stretch = member.stretch
        if stretch is None or member.progress != self.progress:
            return False
        self._starts_at = max(self._starts_at, stretch.starts_at)
        self._members[member] = member
        self._together = None
        member.join(self)
        return True

    def remove(self, down: DownTrack) -> None:
        """No error if it is no member."""
        found = self._members.pop(down, None)
        if found is not None:
            self._together = None
            found.leave()

    def send(self, runs: Sequence[Run]) -> None:
        """To all members."""
        _, _, _, sequence_shift, timestamp_shift = self.numbers
        for run in runs:
            if run.lowest + sequence_shift < self._starts_at:
                for member in self.members:
                    member.send_alone([run])
                continue
            self.progress.note_sent(run.newest + sequence_shift, (run.newest_timestamp + timestamp_shift) & 0xFFFFFFFF)
            self.sent.add(run)
            if not self._members:  # the last one took itself out, while it was sent a run alone
                continue
            if self._together is None:
                peers = [member.peer for member in self.members]
                self._together = peers[0].together(peers)
            unsent = self._together.send(run, self.numbers)
            if unsent:
                members = self.members
                for place in unsent:
                    members[place].note_unsent(run)
