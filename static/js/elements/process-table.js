// <process-table>: the server's processes, with what each does now and did in the last ten minutes.
/** @import { Process } from "../state/status_feed.js" */
/** @import { Shown } from "./status-graph.js" */
import { OF_PROCESS, processGroup } from "../state/graphs.js";
import { figure } from "../state/figure_words.js";
import { awaited, make, setText } from "./build.js";
import { StatusGraph } from "./status-graph.js";

/** @typedef {{ row: HTMLElement, set: (process: Process) => void, graphs: StatusGraph[] }} Row */

export class ProcessTable extends HTMLElement {
  /** @type {Map<string, Row>} */ #rows = new Map();
  #body = make("div", { class: "rows", tabindex: "0", role: "region", "aria-label": "Each process" });
  #line = make("span", { class: "mut small" });
  #awaited = awaited("p");

  connectedCallback() {
    if (this.childElementCount) return;
    const head = make("div", { class: "ph" }, make("h2", { class: "t" }, "Processes"), this.#line);
    this.#body.append(this.#awaited);
    this.append(head, this.#body);
  }

  /** @param {readonly Process[]} processes @param {Record<string, import("../state/status_feed.js").Lines>} groups @param {Shown} shown */
  show(processes, groups, shown) {
    this.#awaited.remove();
    const names = new Set(processes.map(({ name }) => name));
    for (const [name, { row }] of this.#rows) if (!names.has(name)) (row.remove(), this.#rows.delete(name));
    const deadFirst = [...processes].sort((one, other) => Number(one.alive) - Number(other.alive));
    for (const [index, process] of deadFirst.entries()) {
      const { row, set, graphs } = this.#rows.get(process.name) ?? this.#create(process.name);
      const there = this.#body.children[index] ?? null;
      if (there !== row) this.#body.insertBefore(row, there);
      set(process);
      for (const graph of graphs) graph.show({ ...shown, lines: groups[processGroup(process.name)] ?? {} });
    }
    const dead = processes.filter(({ alive }) => !alive).length;
    setText(
      this.#line,
      dead ? `${processes.length - dead} of ${processes.length} alive` : `${processes.length}, alive`,
    );
  }

  /** @param {string} name @returns {Row} */
  #create(name) {
    const state = make("span", { class: "sec small" });
    const drops = make("span", { class: "sec small drops cut" });
    const graphs = OF_PROCESS.map((graph) => new StatusGraph(graph));
    const words = make("div", { class: "who-is" }, make("h3", { class: "cs" }, name), state, drops);
    const row = make("div", { class: "process", role: "group", "aria-label": name }, words, ...graphs);
    /** @type {Row["set"]} */
    const set = (process) => {
      row.classList.toggle("dead", !process.alive);
      setText(state, stateOf(process));
      const told = dropsOf(process);
      setText(drops, told);
      drops.title = told;
    };
    const entry = { row, set, graphs };
    this.#rows.set(name, entry);
    return entry;
  }
}

/** @param {Process} process */
function stateOf({ alive, pid, port, cameras, viewers, restarts }) {
  if (!alive) return "DEAD, its successor is awaited";
  const again = restarts ? `, restarted ${restarts} ×` : "";
  const carried = port
    ? `UDP ${port} · ${count(cameras, "camera")} · ${count(viewers, "viewer")}`
    : "pages and API only";
  return `pid ${pid}${again} · ${carried}`;
}

/** @param {number} number @param {string} word */
const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

/** What its port dropped since the start, most first. @param {Process} process */
function dropsOf({ counts, port }) {
  const kinds = Object.entries(counts).sort(([, one], [, other]) => other - one);
  if (!port) return "";
  if (!kinds.length) return "nothing dropped";
  return kinds.map(([kind, number]) => `${figure(number, "count")} ${kind.replaceAll("_", " ")}`).join(" · ");
}

customElements.define("process-table", ProcessTable);
