"""What a stand-in for a peer does with packets that were prepared for several: it sends them as it sends others."""

from __future__ import annotations

from abc import ABC, abstractmethod

from server.media.run import Numbers, Run


class UnsealedPeer(ABC):
    """Says by `send_run` what becomes of packets."""

    overhead = 16

    @abstractmethod
    def send_run(self, run: Run, payload_type: int, ssrc: int, sequence_shift: int, timestamp_shift: int) -> bool:
        """See Peer."""

    def prepare(self, run: Run, numbers: Numbers) -> tuple[Run, Numbers]:
        """See Peer."""
        return run, numbers

    def send_prepared(self, prepared: tuple[Run, Numbers], stride: int) -> bool:
        """See Peer."""
        run, (overhead, *numbers) = prepared
        assert stride == run.size + overhead == run.size + self.overhead
        return self.send_run(run, *numbers)
