"""One viewer's numbers: continuous, and never twice for different packets."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from server.media.packet import signed32
from server.media.renumbering import LOW, Renumbering, SharedStart


class Viewing(RuleBasedStateMachine):
    """Sources take turns; packets are lost, late and reordered; each source numbers as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.numbering: Renumbering[int] = Renumbering(4090, 2**32 - 500)
        self.meaning: dict[int, tuple[int, int]] = {}
        self.source = 0
        self.newest = 0
        self.timestamp = 0
        self.shown: list[int] = []
        self.top = 4089

    @rule(start=st.integers(65_530, 140_000), timestamp=st.integers(0, 2**32 - 1), elapsed=st.integers(-5, 200_000))
    def change_source(self, start: int, timestamp: int, elapsed: int) -> None:
        self.source += 1
        self.newest, self.timestamp = start, timestamp
        before = self.numbering.last_timestamp
        is_first = self.numbering.current is None
        stretch = self.numbering.begin(self.source, start, timestamp, elapsed)
        assert stretch.starts_at == self.top + 1, "no gap that no camera had"
        step = signed32(self.numbering.last_timestamp - before)
        assert step == (0 if is_first else max(1, elapsed))
        self._send(start)

    @precondition(lambda self: self.source > 0)
    @rule(skip=st.integers(0, 4))
    def next_packet(self, skip: int) -> None:
        self.newest += 1 + skip
        self.timestamp = (self.timestamp + 3600) & 0xFFFFFFFF
        self._send(self.newest)

    @precondition(lambda self: self.source > 0)
    @rule(late=st.integers(1, 50))
    def late_packet(self, late: int) -> None:
        if self.numbering.admits(self.newest - late):
            self._send(self.newest - late)

    def _send(self, sequence: int) -> None:
        stretch = self.numbering.current
        assert stretch is not None
        shown = sequence + stretch.sequence_shift
        timestamp = (self.timestamp - 3600 * (self.newest - sequence)) & 0xFFFFFFFF
        assert self.numbering.takes(sequence, sequence, timestamp)
        assert self.meaning.setdefault(shown, (self.source, sequence)) == (self.source, sequence)
        self.top = max(self.top, shown)
        self.shown.append(shown)

    @invariant()
    def repairs_find_what_was_sent(self) -> None:
        for shown in self.shown[-5:]:
            found = self.numbering.origin(shown & 0xFFFF)
            assert found is None or (found[0].source, found[1]) == self.meaning[shown]
        if self.shown and self.shown[-1] == self.top:
            assert self.numbering.origin(self.top & 0xFFFF) is not None

    @invariant()
    def what_was_never_sent_has_no_origin(self) -> None:
        assert self.numbering.origin((self.top + 1) & 0xFFFF) is None


TestViewing = Viewing.TestCase
TestViewing.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_viewers_of_one_source_begin_alike_while_the_numbers_are_low() -> None:
    chosen = iter([(100, 7), (50, 3_000_000_000)])
    start = SharedStart(lambda: next(chosen))
    assert start.first(70_000, 900) == (100, 7)
    assert start.first(70_010, 4500) == (110, 3607), "the same numbers as who came before sees now"
    assert start.first(70_000 + LOW - 101, 0) == (LOW - 1, (7 - 900) & 0xFFFFFFFF)
    assert start.first(70_000 + LOW - 100, 4_000_000_000) == (50, 3_000_000_000), "a new beginning, low again"
    assert start.first(70_001 + LOW - 100, 4_000_003_600) == (51, 3_000_003_600)
