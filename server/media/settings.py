"""What the media engine is told at start."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:  # a worker is told by its server, and need not load what reads configurations
    from server.config import Config


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """`port` 0 takes a free UDP port. `host` is the address to bind: `::` stands for all of the machine's, `0.0.0.0`
    for all of IPv4; these are announced, loopback last, unless `public_addresses` (or host names) are to be instead.
    """

    folder: Path
    port: int = 0
    host: str = "::"
    public_addresses: tuple[str, ...] = ()
    prerecord_s: float = 30.0  # of each camera, kept in memory until it records
    master_keys: tuple[bytes, ...] = field(default=(), repr=False)  # recordings lie encrypted; see recording/master_key

    @classmethod
    def of(cls, config: Config, master_keys: tuple[bytes, ...] = ()) -> Self:
        """As the configuration has it."""
        return cls(
            folder=config.data,
            port=config.media_port,
            host=config.media_host,
            public_addresses=config.public_address,
            prerecord_s=config.prerecord_s,
            master_keys=master_keys,
        )
