"""The link emulator's process: two TUN devices in two namespaces, with a bad link and an address translation between.

    python3 -m tests.links.emulator NEAR FAR

One JSON object a line on standard input is an order: `{"up": {…Conditions}, "down": {…}}` changes what it names,
`{"rebind": "10.88.0.12"}` maps the near side to that address, `{}` only asks. Each is answered by a line with the
counts. It ends with its standard input, and the devices with it.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from tests.links.link_model import Conditions, LinkDirection
from tests.links.mapping import Mapping
from tests.links.namespaces import TUN, inside, ip

DEVICE = "link0"
NEAR, FAR = "10.88.0.2", "10.88.0.1"
MTU = 1400  # a mobile network's, roughly
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
MOST_AT_ONCE = 64  # packets of one wake-up, so that the other direction has its turn
LARGEST = 65_535
NICENESS = -10  # its delays should be the link's, not those of a busy machine


def open_tun(name: str, address: str) -> int:
    """A TUN device in that namespace, up; returns its descriptor. Raises OSError, RuntimeError."""
    with inside(name):
        descriptor = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN | IFF_NO_PI))
    ip("-n", name, "address", "add", f"{address}/24", "dev", DEVICE)
    ip("-n", name, "link", "set", DEVICE, "mtu", str(MTU), "up")
    return descriptor


class Pump:
    """Carries one direction's packets from device to device at their times."""

    def __init__(
        self, source: int, target: int, link: LinkDirection, translate: Callable[[bytes], bytes | None]
    ) -> None:
        self.link = link
        self._source = source
        self._target = target
        self._translate = translate
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._loop.add_reader(source, self._readable)

    def change(self, conditions: Conditions) -> None:
        """From now on."""
        self.link.change(conditions, time.monotonic())
        self._deliver()

    def _readable(self) -> None:
        for _ in range(MOST_AT_ONCE):
            try:
                packet = os.read(self._source, LARGEST)
            except BlockingIOError:
                break
            self.link.offer(packet, time.monotonic())
        self._deliver()

    def _deliver(self) -> None:
        for packet in self.link.arrived(time.monotonic()):
            translated = self._translate(packet)
            if translated is None:
                self.link.counts["not_mapped"] += 1
                continue
            with suppress(OSError):  # the device is full or going down: lost, as on any link
                os.write(self._target, translated)
        if self._timer is not None:
            self._timer.cancel()
        due = self.link.due_at()
        # asyncio's clock is time.monotonic
        self._timer = self._loop.call_at(due, self._deliver) if due is not None else None


class Emulator:
    """Both directions, and whoever orders."""

    def __init__(self, near: str, far: str) -> None:
        self.ended = asyncio.Event()
        self._mapping = Mapping(NEAR, NEAR)
        near_device, far_device = open_tun(near, NEAR), open_tun(far, FAR)
        self._pumps = {
            "up": Pump(near_device, far_device, LinkDirection(Random(1)), self._mapping.outward),
            "down": Pump(far_device, near_device, LinkDirection(Random(2)), self._mapping.inward),
        }
        self._typed = b""
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), self._read)

    def _read(self) -> None:
        read = os.read(sys.stdin.fileno(), LARGEST)
        if not read:
            self.ended.set()
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        *lines, self._typed = (self._typed + read).split(b"\n")
        for line in lines:
            self.obey(json.loads(line))

    def obey(self, order: dict[str, Any]) -> None:
        """Do what it says, and answer."""
        for name, pump in self._pumps.items():
            if name in order:
                pump.change(Conditions.read(order[name]))
        if "rebind" in order:
            self._mapping.rebind(order["rebind"])
        print(json.dumps({name: pump.link.counts for name, pump in self._pumps.items()}), flush=True)


async def _run(near: str, far: str) -> None:
    emulator = Emulator(near, far)
    emulator.obey({})
    await emulator.ended.wait()


if __name__ == "__main__":
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    asyncio.run(_run(*sys.argv[1:3]))
