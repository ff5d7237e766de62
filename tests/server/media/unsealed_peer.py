"""What a stand-in for a peer does with packets that are for several: it sends them as it sends others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from server.media.run import Numbers, Run


class UnsealedPeer(ABC):
    """Says by `send_run` what becomes of packets."""

    overhead = 16

    @abstractmethod
    def send_run(self, run: Run, payload_type: int, ssrc: int, sequence_shift: int, timestamp_shift: int) -> bool:
        """See Peer."""

    def together(self, peers: Sequence[UnsealedPeer]) -> OneByOne:
        """See Peer."""
        return OneByOne(peers)

    def send_with_others(self, run: Run, numbers: Numbers) -> bool:
        """What was numbered for several peers."""
        overhead, *shown = numbers
        assert overhead == self.overhead
        return self.send_run(run, *shown)


class OneByOne:
    """See SendTogether."""

    def __init__(self, peers: Sequence[UnsealedPeer]) -> None:
        self._peers = peers

    def send(self, run: Run, numbers: Numbers) -> list[int]:
        """See SendTogether."""
        return [place for place, peer in enumerate(self._peers) if not peer.send_with_others(run, numbers)]
