"""What no eye can read on a page: words clipped without three dots, words over others, words beside their tile."""

from __future__ import annotations

from playwright.async_api import Page

LEFT_OUT = "svg, .sr, .marks, .map, .below, .ks"  # drawings place their own words; what stands over or beyond by design

# Each run of words, with what is left of it by whoever clips it. Three dots say that something is cut: that is fair; and
# by design what does not fit goes from a caption's facts (the age stays whole) and from the foot's keys.
WORDS = """([scopes, named, leftOut]) => {
  const found = [];
  for (const scope of document.querySelectorAll(scopes)) {
    const name = scope.closest(named)?.dataset.state ?? `${scope.localName}.${scope.className}`;
    const texts = [];
    const walk = document.createTreeWalker(scope, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const node = walk.currentNode;
      const holder = node.parentElement;
      if (!node.textContent.trim() || holder.closest(leftOut)) continue;
      if (!holder.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      if (!box.width || parseFloat(getComputedStyle(holder).fontSize) === 0) continue;
      let [left, right, top, bottom] = [box.left, box.right, box.top, box.bottom];
      let dotted = false, scrolls = false;
      for (let one = holder; one && one !== scope.parentElement; one = one.parentElement) {
        const style = getComputedStyle(one);
        const edge = one.getBoundingClientRect();
        if (style.overflowX === "visible" && style.overflowY === "visible") continue;
        dotted ||= style.textOverflow === "ellipsis" || one.matches(".facts");
        scrolls ||= [style.overflowX, style.overflowY].some((how) => how === "auto" || how === "scroll");
        [left, right] = [Math.max(left, edge.left), Math.min(right, edge.right)];
        [top, bottom] = [Math.max(top, edge.top), Math.min(bottom, edge.bottom)];
      }
      const words = node.textContent.trim().slice(0, 40);
      const lost = box.right - right > 1 || left - box.left > 1 || box.bottom - bottom > 3 || top - box.top > 3;
      if (lost && !dotted && !scrolls) found.push(`${name}: “${words}” is clipped`);
      const tile = holder.closest(".tile")?.getBoundingClientRect();
      if (tile && (right > tile.right + 1 || left < tile.left - 1)) found.push(`${name}: “${words}” stands beside its tile`);
      for (const line of range.getClientRects()) {
        const air = line.height / 4; // above and below the letters: lines may stand close
        const seen = {node, words, left: Math.max(left, line.left), right: Math.min(right, line.right),
          top: Math.max(top, line.top + air), bottom: Math.min(bottom, line.bottom - air)};
        if (seen.right > seen.left && seen.bottom > seen.top) texts.push(seen);
      }
    }
    texts.forEach((one, index) => {
      for (const other of texts.slice(index + 1)) {
        if (one.node === other.node) continue; // its own lines; what follows three dots has a box, too
        const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        if (wide > 1.5 && high > 1) found.push(`${name}: “${one.words}” lies over “${other.words}”`);
      }
    });
  }
  return found;
}"""


# What a tile must say in words that stand whole, however narrow it is: how its picture is old, and its alarm.
SAID = """(scope) => {
  const whole = (one) => {
    if (!one?.checkVisibility({visibilityProperty: true}) || !one.textContent.trim()) return false;
    const range = document.createRange();
    range.selectNodeContents(one);
    const {left, right, width} = range.getBoundingClientRect();
    let [from, to] = [left, right];
    for (let around = one; around && !around.matches(".slot"); around = around.parentElement) {
      const {overflowX, display} = getComputedStyle(around);
      const edge = around.getBoundingClientRect();
      if (overflowX === "visible" || display === "contents" || display === "inline") continue;
      [from, to] = [Math.max(from, edge.left), Math.min(to, edge.right)];
    }
    return width > 4 && to - from > width - 1;
  };
  const found = [];
  for (const tile of document.querySelectorAll(`${scope} feed-tile:not(.empty, .wall *)`)) {
    const name = `tile ${tile.closest("[data-state]")?.dataset.state ?? tile.closest(".slot").dataset.tile}.${tile.className}`;
    const word = tile.querySelector(tile.matches(".connecting") ? ".plate b" : ".cap .at .w");
    if (!whole(word) && !tile.matches(".live")) found.push(`${name} does not say its state`);
    if (!whole(tile.querySelector(".cap .at b")) && tile.matches(".live, .late, .frozen")) found.push(`${name} has no age`);
    const sign = tile.querySelector(".cap .cs");
    if (sign.textContent.length <= 6 && sign.scrollWidth > sign.clientWidth + 1) found.push(`${name} does not say who it is`);
    const why = tile.querySelector(".cap .why:not(:empty)");
    const isTold = why?.checkVisibility() && why.clientWidth > 8 && why.scrollWidth <= why.clientWidth + 1;
    const isDue = tile.matches(".live") || (tile.matches(".late") && why?.matches(".unkept"));
    if (why && !isTold && isDue && !tile.matches(".a1, .a2")) found.push(`${name} does not say why`);
    const tag = tile.querySelector(".cap .tag .cut");
    // the symbol alone beside FROZEN and its like; a call sign of eight letters takes its room
    const isNarrow = tile.clientWidth < 11 * parseFloat(getComputedStyle(document.documentElement).fontSize);
    if (tile.matches(".a1, .a2") && !tile.matches(".large") && !whole(tag) && !(isNarrow && !tile.matches(".live"))
        && tile.querySelector(".cap .cs").textContent.length <= 6)
      found.push(`${name} does not say its alarm`);
  }
  return found;
}"""


async def unreadable(page: Page, scope: str, named: str = "[data-state]") -> list[str]:
    """One line for each fault, found inside each element that `scope` selects; `named` carries its name."""
    found: list[str] = await page.evaluate(WORDS, [scope, named, LEFT_OUT])
    return found
