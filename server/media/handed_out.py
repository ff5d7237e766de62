"""Media sessions whose client may yet say DELETE. Pure."""

from __future__ import annotations

from collections import OrderedDict

from server.errors import NotFound
from server.media.live import SessionInfo

MOST = 4096  # the youngest: 400 bytes each, and more than one process ever has at once


class HandedOut:
    """Which sessions were opened by this process, and by whom, until each is deleted by its client.

    OBS and many pages close their peer connection first: its end comes by UDP, before the request can come by TCP. Who
    then says DELETE has done all as RFC 9725 section 4.2 says it, and reports a 404 as a failure.
    """

    def __init__(self) -> None:
        self._infos: OrderedDict[str, SessionInfo] = OrderedDict()

    def note(self, info: SessionInfo) -> None:
        """It was opened."""
        self._infos[info.session_id] = info
        if len(self._infos) > MOST:
            self._infos.popitem(last=False)

    def find(self, session_id: str) -> SessionInfo:
        """Whose it is, or was. Raises NotFound."""
        found = self._infos.get(session_id)
        if found is None:
            raise NotFound("there is no such media session; it may have ended")
        return found

    def forget(self, session_id: str) -> None:
        """Its client has deleted it."""
        self._infos.pop(session_id, None)
