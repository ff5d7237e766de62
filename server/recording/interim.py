"""An interim manifest: what a journal holds so far, signed while its recording still goes on. Pure.

A clip stands on it as on the manifest of a closed recording. It never lies in the recording's own folder, where the
verifier takes it for no manifest: nobody can end a recording early with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.recording.verifier import Entry, canonical, summary


def interim(entries: Sequence[Entry], public_key: str, at: float, software: str) -> bytes:
    """What is to be signed by the owner of `public_key`; `at`: Unix seconds."""
    body = summary(entries) | {"public_key": public_key, "interim": True, "signed_at": at, "software": software}
    if entries[-1]["kind"] != "closed":  # a gap has a `why` of its own
        body |= {"ended_at": None, "ended_why": None}
    return canonical(body) + b"\n"
