"""How many media workers there are when nobody says it."""

from __future__ import annotations

import os

import pytest

from server.media.engines import usual_workers


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (2, 1), (3, 2), (16, 15)])
@pytest.mark.parametrize("tells_affinity", [True, False])
def test_one_for_each_core_but_one(
    monkeypatch: pytest.MonkeyPatch, cores: int, workers: int, tells_affinity: bool
) -> None:
    if tells_affinity:
        monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)), raising=False)
        monkeypatch.setattr(os, "cpu_count", lambda: 64)  # of the machine, not of this container
    else:
        monkeypatch.delattr(os, "sched_getaffinity", raising=False)
        monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert usual_workers() == workers
