"""The camera's tree of errors: each one is a sentence for the person at the terminal."""

from __future__ import annotations


class StreamerError(Exception):
    """Something that a person can understand and mend; the message is one sentence."""


class ConfigError(StreamerError):
    """An option, or the file it names, is not usable."""


class ScenarioError(StreamerError):
    """A scenario file is not usable: says which field, and what was expected."""

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field = field
        self.expected = expected


class GpsError(StreamerError):
    """A source of positions cannot be read."""


class PressError(StreamerError):
    """The officer's hand asked for something that the kit's state does not allow."""


class StoreError(StreamerError):
    """The outbox on disk cannot be opened or written. `damaged`: the file is there, and is no outbox any more."""

    def __init__(self, detail: str, *, damaged: bool = False) -> None:
        super().__init__(detail)
        self.damaged = damaged


class UplinkRefused(StreamerError):
    """The server does not know this camera, or its key."""
