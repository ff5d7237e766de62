// <area-map>: a place is drawn on it, by hand or by keys, so that it can be asked who was there.
/** @import { Area } from "../state/area.js" */
/** @import { View } from "../state/map-projection.js" */
/** @import { MapSettings } from "./incident-map.js" */
import { RADIUS_M, areaWords, boundsOfArea, boxIn, drawn } from "../state/area.js";
import { unproject } from "../state/map-projection.js";
import { homeOf } from "../state/map-style.js";
import { make, setText, svg } from "./build.js";
import { Controls } from "./incident-map-controls.js";
import { MapStage } from "./incident-map-stage.js";

const FIT_ZOOM = 17;
const HINT = "Draw by hand; or move the map with the arrow keys, zoom with plus and minus, and take what it shows.";

/** Event: `area` { area }, null when it is taken away. */
export class AreaMap extends HTMLElement {
  #ground = make("div", { class: "ground" });
  #outline = svg("svg", { class: "area-outline", "aria-hidden": "true" });
  #sheet = make("div", { class: "area-sheet", hidden: true });
  #words = make("span", { class: "area-words", role: "status" });
  #radius = make("input", {
    class: "in",
    type: "number",
    min: RADIUS_M[0],
    max: RADIUS_M[1],
    value: 250,
    "aria-label": "Radius in metres",
  });
  #controls = new Controls({ zoom: (delta) => this.#stage.zoom(delta), all: () => this.#fit(true) }, "Show the place");
  #stage = new MapStage(this.#ground, this.#controls, {
    chosen: () => undefined,
    movedByHand: () => undefined,
    moved: () => this.#draw(),
  });
  #themed = new MutationObserver(() => this.#stage.retheme());
  /** @type {MapSettings} */ #settings = { fix_stale_s: 15, max_speed_mps: 8, basemap: { kind: "none" } };
  /** @type {Area | null} */ #area = null;
  /** @type {Area["kind"] | null} */ #tool = null;
  /** what was asked for before the map had its ground @type {((view: View) => void) | null} */ #pending = null;
  #tools = {
    rect: this.#button("Rectangle", () => this.#take("rect")),
    circle: this.#button("Circle", () => this.#take("circle")),
  };

  connectedCallback() {
    const map = make("div", { class: "map", role: "region", "aria-label": "Map to draw a place on" });
    const cross = make("span", { class: "area-cross", "aria-hidden": "true" });
    const { scale, buttons, note } = this.#controls;
    map.append(this.#ground, this.#outline, cross, this.#sheet, scale, buttons, note);
    const round = make(
      "span",
      { class: "row nw" },
      this.#button("Round the cross", () => this.#round()),
      this.#radius,
      "m",
    );
    const tools = make("div", { class: "area-tools", role: "group", "aria-label": "Draw a place" });
    tools.append(
      this.#tools.rect,
      this.#tools.circle,
      this.#button("What the map shows", () => this.#all()),
      round,
    );
    tools.append(
      this.#words,
      this.#button("No place", () => this.#tell(null)),
    );
    this.replaceChildren(tools, map, make("p", { class: "mut small" }, HINT));
    this.#sheet.addEventListener("pointerdown", (event) => this.#drag(event));
    this.addEventListener("keydown", (event) => event.key === "Escape" && this.#take(null));
    this.#themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  disconnectedCallback() {
    this.#themed.disconnect();
    this.#stage.clear();
  }

  /** @param {MapSettings} settings */
  async begin(settings) {
    this.#settings = settings;
    await this.#stage.lay(settings.basemap, homeOf(settings.basemap));
    this.#fit(false);
    const [asked, view] = [this.#pending, this.#stage.view];
    if (view) asked?.(view);
  }

  get area() {
    return this.#area;
  }
  set area(area) {
    this.#area = area;
    this.#pending = null;
    setText(this.#words, area ? `Searched: ${areaWords(area)}` : "No place is searched.");
    this.#draw();
  }

  /** @param {boolean} animate */
  #fit(animate) {
    const bounds = this.#area && boundsOfArea(this.#area);
    this.#stage.fit(bounds, homeOf(this.#settings.basemap), FIT_ZOOM, animate);
  }

  /** @param {Area["kind"] | null} tool what the next drag draws; again puts it down */
  #take(tool) {
    this.#tool = tool === this.#tool ? null : tool;
    this.#sheet.hidden = this.#tool === null;
    for (const [kind, button] of Object.entries(this.#tools)) button.ariaPressed = String(kind === this.#tool);
  }

  /** @param {PointerEvent} down */
  #drag(down) {
    const view = this.#stage.view;
    const kind = this.#tool;
    if (!view) return setText(this.#words, "Waits for the map: draw once it is there.");
    if (!kind || down.button !== 0) return;
    const edge = this.#sheet.getBoundingClientRect();
    const at = /** @param {PointerEvent} event */ (event) =>
      unproject(view, { x: event.clientX - edge.left, y: event.clientY - edge.top });
    const from = at(down);
    const before = this.#area;
    const follow = /** @param {PointerEvent} event */ (event) => (this.area = drawn(kind, from, at(event)) ?? before);
    const end = /** @param {Event} event */ (event) => {
      this.#sheet.removeEventListener("pointermove", follow);
      for (const name of ["pointerup", "pointercancel"]) this.#sheet.removeEventListener(name, end);
      if (event.type === "pointercancel") this.area = before;
      else if (this.#area !== before) this.#tell(this.#area);
      this.#take(null);
    };
    this.#sheet.setPointerCapture(down.pointerId);
    this.#sheet.addEventListener("pointermove", follow);
    for (const name of ["pointerup", "pointercancel"]) this.#sheet.addEventListener(name, end);
    down.preventDefault();
  }

  #all() {
    this.#onGround((view) =>
      this.#tell(drawn("rect", unproject(view, { x: 0, y: 0 }), unproject(view, { x: view.width, y: view.height }))),
    );
  }

  #round() {
    const radius = Math.min(RADIUS_M[1], Math.max(RADIUS_M[0], this.#radius.valueAsNumber || 250));
    this.#radius.valueAsNumber = radius;
    this.#onGround(({ lon, lat }) => this.#tell({ kind: "circle", lon, lat, radius }));
  }

  /** Now, or as soon as there is a map to take it from; then it is said what is waited for. @param {(view: View) => void} act */
  #onGround(act) {
    const view = this.#stage.view;
    if (view) return act(view);
    this.#pending = act;
    setText(this.#words, "Waits for the map: taken as soon as it is drawn.");
  }

  /** @param {Area | null} area */
  #tell(area) {
    this.area = area;
    this.dispatchEvent(new CustomEvent("area", { bubbles: true, detail: { area } }));
  }

  #draw() {
    const view = this.#stage.view;
    if (!view || !this.#area) return this.#outline.replaceChildren();
    const { x, y, width, height } = boxIn(this.#area, view);
    const round = this.#area.kind === "circle" ? { rx: width / 2, ry: height / 2 } : { rx: 0, ry: 0 };
    this.#outline.replaceChildren(svg("rect", { x, y, width, height, ...round }));
  }

  /** @param {string} words @param {() => void} onclick */
  #button(words, onclick) {
    return make("button", { class: "btn line", type: "button", onclick }, words);
  }
}

customElements.define("area-map", AreaMap);
