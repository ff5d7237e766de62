"""What is known of every camera's link and picture: at first hand, and as other processes tell it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from server.units.unit import Link, Picture, best_link, best_picture

FORGET_S = 12.0  # another process repeats itself every 5 s: two repeats lost, and some delay


@dataclass(frozen=True, slots=True)
class Heard:
    """What another process told; `at` is this process's monotonic time."""

    at: float
    link: Link | None
    picture: Picture | None


class Presence:
    """Keeps the parts, and merges them. `origin` names this process."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._links: dict[str, Link] = {}
        self._pictures: dict[str, Picture] = {}
        self._heard: dict[str, dict[str, Heard]] = {}  # by device, then by process
        self._lost: dict[str, tuple[Link, Picture]] = {}

    def link(self, device_id: str) -> Link:
        """The link to change: the best that is known, for a camera that comes back was somewhere else meanwhile."""
        return self.merged(device_id)[0]

    def picture(self, device_id: str) -> Picture:
        """Our own picture of it, to change."""
        return self._pictures.get(device_id, Picture())

    def set_link(self, device_id: str, link: Link) -> None:
        """We know this at first hand."""
        self._links[device_id] = link

    def set_picture(self, device_id: str, picture: Picture) -> None:
        """We know this at first hand."""
        self._pictures[device_id] = picture

    def drop(self, device_id: str) -> None:
        """The camera is no more."""
        self._links.pop(device_id, None)
        self._pictures.pop(device_id, None)
        self._lost.pop(device_id, None)

    def is_own(self, device_id: str) -> bool:
        """Whether we know anything of it at first hand."""
        return device_id in self._links or device_id in self._pictures

    def merged(self, device_id: str) -> tuple[Link, Picture]:
        """The best of what all processes know."""
        heard = self._heard.get(device_id, {}).values()
        links = [known.link for known in heard if known.link is not None]
        pictures = [known.picture for known in heard if known.picture is not None]
        if device_id in self._links:
            links.append(self._links[device_id])
        if device_id in self._pictures:
            pictures.append(self._pictures[device_id])
        if device_id in self._lost:
            links.append(self._lost[device_id][0])
            pictures.append(self._lost[device_id][1])
        return best_link(links), best_picture(pictures)

    def streams_at(self, device_id: str) -> str | None:
        """Which other process has its picture now, as far as it told; of several the one that had it last."""
        heard = self._heard.get(device_id, {}).items()
        streaming = [(k.picture.since or 0.0, origin) for origin, k in heard if k.picture and k.picture.streaming]
        return max(streaming)[1] if streaming else None

    def origins(self) -> set[str]:
        """The other processes that have spoken lately."""
        return {origin for by_origin in self._heard.values() for origin in by_origin}

    def parts(self, device_ids: Iterable[str]) -> list[dict[str, Any]]:
        """What we know of them at first hand, for the other processes."""
        return [
            {
                "device_id": device_id,
                "link": asdict(self._links[device_id]) if device_id in self._links else None,
                "picture": asdict(self._pictures[device_id]) if device_id in self._pictures else None,
            }
            for device_id in device_ids
            if self.is_own(device_id)
        ]

    def hear(self, origin: str, parts: Iterable[dict[str, Any]], now: float) -> list[str]:
        """Take in what another process told; returns whom it is about. Raises TypeError, KeyError or ValueError."""
        taken = []
        for part in parts:
            link = _link(part["link"]) if part["link"] else None
            picture = _picture(part["picture"]) if part["picture"] else None
            self._heard.setdefault(part["device_id"], {})[origin] = Heard(now, link, picture)
            taken.append(part["device_id"])
        return taken

    def forget(self, now: float) -> set[str]:
        """What was not repeated in time is over: those cameras are off line as far as that process knew."""
        late = [
            (device_id, origin)
            for device_id, by_origin in self._heard.items()
            for origin, known in by_origin.items()
            if now - known.at > FORGET_S
        ]
        for device_id, origin in late:
            known = self._heard[device_id].pop(origin)
            link = (known.link or Link()).disconnected()
            picture = replace(known.picture or Picture(), streaming=False, since=None, layers=(), watchers=())
            older = self._lost.get(device_id, (Link(), Picture()))
            self._lost[device_id] = best_link([link, older[0]]), best_picture([picture, older[1]])
        return {device_id for device_id, _ in late}


def _link(values: dict[str, Any]) -> Link:
    return Link(**{**values, "lacks": tuple(values.get("lacks", ()))})  # a process of before tells none


def _picture(values: dict[str, Any]) -> Picture:
    watchers = tuple((name, role, since) for name, role, since in values["watchers"])
    return Picture(**{**values, "layers": tuple(values["layers"]), "watchers": watchers})
