"""One person's browser window on Watchroom: what can be done with it and what it shows."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Any, Self

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Locator, Page, expect

from tests.installation import password_of
from tests.patience import BROWSER_S, until

_FLAGS = [
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
# Everything drawn by the processor's plain means: a GPU played in software costs three quarters of a core for one wall.
FLAGS = [*_FLAGS, "--disable-gpu"]
# With WebGL 2, played in software, for the street map.
WEBGL_FLAGS = [*_FLAGS, "--use-angle=swiftshader"]
SIZE = {"width": 1366, "height": 768}

# Runs before the page's own scripts: a violated policy is heard, and a picture's connection can be asked for its figures.
BEFORE = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...given) { super(...given); window.connections.push(this); }
};
"""

# Every shift of the layout that no hand has caused, with what moved.
SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const {value, hadRecentInput, startTime, sources} of list.getEntries()) {
    if (hadRecentInput) continue;
    const path = (node) => !node || node.nodeName === "BODY" ? ""
      : `${path(node.parentElement)} ${node.nodeName.toLowerCase()}.${node.className?.baseVal ?? node.className ?? ""}`;
    const moved = sources.map(({node, previousRect: was, currentRect: is}) =>
      `${path(node)} ${was.x},${was.y} ${was.width}×${was.height} → ${is.x},${is.y} ${is.width}×${is.height}`);
    window.shifts.push({value, at: startTime / 1000, moved});
  }
}).observe({type: "layout-shift", buffered: true});
"""

DECODED = """async (tile) => {
  const track = tile.querySelector("video").srcObject?.getVideoTracks()[0];
  const connection = window.connections.find((one) => one.getReceivers().some((receiver) => receiver.track === track));
  if (!track || !connection) return {decoded: 0, width: 0};
  const stats = [...(await connection.getStats(track)).values()].find((one) => one.type === "inbound-rtp") ?? {};
  return {decoded: stats.framesDecoded ?? 0, width: stats.frameWidth ?? 0};
}"""

SOUND = """async (tile) => {
  const track = tile.querySelector("video").srcObject?.getVideoTracks()[0];
  const connection = window.connections.find((one) => one.getReceivers().some((receiver) => receiver.track === track));
  const stats = [...((await connection?.getStats()) ?? new Map()).values()];
  return stats.find((one) => one.type === "inbound-rtp" && one.kind === "audio")?.packetsReceived ?? 0;
}"""

# How many pictures came on screen in a tile within so many milliseconds.
PICTURES = """([tile, milliseconds]) => new Promise((resolve) => {
  const video = tile.querySelector("video");
  let count = 0;
  const next = () => video.requestVideoFrameCallback(() => { count += 1; next(); });
  next();
  setTimeout(() => resolve(count), milliseconds);
})"""

# Each picture of a replay that there is stands on screen; one that is there and cannot be played does not.
REPLAY_READY = """() => { const all = [...document.querySelectorAll("replay-tile:is(:not(.absent), .unplayed) video")];
  return all.length > 0 && !document.querySelector("replay-tile.awaits") && all.every((video) => video.readyState >= 3 && !video.seeking); }"""


class Screen:
    """A browser context with one page; further pages are opened by the test."""

    page: Page

    def __init__(self, browser: Browser, url: str, **context: Any) -> None:
        self.url = url
        self.complaints: list[str] = []
        self.allowed: list[str] = []  # patterns of complaints that the test provokes
        self._browser = browser
        self._options = {"viewport": SIZE, "locale": "en-GB", "timezone_id": "UTC", **context}
        self._context: BrowserContext | None = None

    async def __aenter__(self) -> Self:
        self._context = await self._browser.new_context(**self._options)
        self._context.set_default_timeout(1000 * BROWSER_S)
        await self._context.add_init_script(BEFORE)
        self._context.on("console", self._said)
        self._context.on("weberror", lambda error: self.complaints.append(f"exception: {error.error}"))
        self.page = await self._context.new_page()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._context is not None
        await self._context.close()
        if kind is None:
            assert not self.unexpected, "\n".join(self.unexpected)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            self.complaints.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    @property
    def unexpected(self) -> list[str]:
        """Errors, warnings and violated policies that the test did not provoke."""
        known = [*self.allowed, *ALWAYS_ALLOWED]
        return [line for line in self.complaints if not any(re.search(pattern, line) for pattern in known)]

    # ---- what a person does

    async def sign_in(self, name: str, path: str = "/") -> Page:
        """By the request that the page for it sends, which itself draws a town each time; then open that page.

        Chromium lets no sound be heard in it before it is clicked or typed in.
        """
        answer = await self.page.context.request.post(
            f"{self.url}/api/session",
            data={"name": name, "password": password_of(name), "duty": ""},
            headers={"Origin": self.url},
        )
        assert answer.ok, await answer.text()
        await self.page.goto(self.url + path)
        return self.page

    async def sign_in_by_hand(self, name: str, path: str = "/") -> Page:
        """By name and password on the page for it; then wait until that page stands."""
        await self.page.goto(f"{self.url}/sign-in?next={path}")
        return await self.sign_in_here(name)

    async def sign_in_here(self, name: str) -> Page:
        """On the page for it, which stands already; what else it asks for is filled in."""
        await self.page.get_by_label("Name").fill(name)
        await self.page.get_by_label("Password", exact=True).fill(password_of(name))
        await self.page.get_by_role("button", name="Sign in").click()
        await self.page.wait_for_url(lambda url: "/sign-in" not in url, wait_until="domcontentloaded")
        return self.page

    async def console(self, name: str = "hale") -> Page:
        """Signed in, and linked with the server."""
        await self.sign_in(name)
        await expect(self.page.locator("body:not(.link-lost)")).to_be_visible()
        await expect(self.page.locator("status-line")).not_to_be_empty()
        return self.page

    # ---- what it shows

    def tile(self, number: int) -> Locator:
        """The tile with this number."""
        return self.page.locator(f'.slot[data-tile="{number}"] feed-tile')

    def row(self, call_sign: str) -> Locator:
        """The unit's row in the list."""
        return self.page.get_by_role("option").filter(has_text=call_sign)

    def alert(self, title: str) -> Locator:
        """The alert's card in the tray."""
        return self.page.locator("alert-card").filter(has_text=title)

    async def is_in_state(self, number: int, state: str, within_s: float = 20.0) -> None:
        """Wait until the tile says LIVE, LATE, FROZEN …"""
        word = self.tile(number).locator(".at .w")
        await expect(word).to_have_text(state.upper(), timeout=within_s * 1000)

    async def figures(self, number: int) -> dict[str, Any]:
        """`decoded` frames and their `width`, by the connection's own statistics."""
        found: dict[str, Any] = await self.tile(number).evaluate(DECODED)
        return found

    async def pictures_a_second(self, number: int, seconds: float) -> float:
        """How often a picture comes on screen in the tile, which must not be moved meanwhile."""
        tile = await self.tile(number).element_handle()
        return int(await self.page.evaluate(PICTURES, [tile, seconds * 1000])) / seconds

    async def sound_packets(self, number: int) -> int:
        """How many packets of sound the tile's connection has got."""
        return int(await self.tile(number).evaluate(SOUND))

    async def pictures_come(self, number: int, more: int = 5, within_s: float = 20.0) -> dict[str, Any]:
        """Wait until the tile has decoded some more frames; returns the figures."""
        before = int((await self.figures(number))["decoded"])

        async def grown() -> dict[str, Any] | None:
            try:
                now = await self.figures(number)
            except Error:  # the tile moves
                return None
            # a new connection begins at nought
            return now if now["decoded"] >= before + more or more <= now["decoded"] < before else None

        found: dict[str, Any] = await until(grown, f"tile {number} decodes frames", within_s)
        return found

    async def advise(self, words: str) -> None:
        """Write to the officer who is selected, by the keyboard alone."""
        await self.page.keyboard.press("t")
        await self.page.keyboard.type(words)
        await self.page.keyboard.press("Enter")

    async def place_on_map(self, device_id: str) -> tuple[float, float]:
        """Where the unit's marker stands in the map, in pixels."""
        mark = self.page.locator(f'.marks [data-device-id="{device_id}"]')
        await expect(mark).to_be_attached()
        where = await mark.evaluate(
            "(mark) => { const {e, f} = new DOMMatrix(getComputedStyle(mark).transform); return [e, f]; }"
        )
        return float(where[0]), float(where[1])


# Chromium's own remarks about software drawing; and a picture that is asked for before the camera sends it.
ALWAYS_ALLOWED = [r"GL Driver Message", r"WebGL: ", r"status of 40[49] .*/whep/"]
