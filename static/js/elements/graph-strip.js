// <graph-strip>: graphs side by side on one time axis.
/** @import { Graph } from "../state/graphs.js" */
/** @import { Shown } from "./status-graph.js" */
import { StatusGraph } from "./status-graph.js";

export class GraphStrip extends HTMLElement {
  /** @type {StatusGraph[]} */ #graphs = [];

  /** @param {readonly Graph[]} graphs */
  begin(graphs) {
    this.#graphs = graphs.map((graph) => new StatusGraph(graph));
    this.replaceChildren(...this.#graphs);
  }

  /** @param {Shown} shown */
  show(shown) {
    for (const graph of this.#graphs) graph.show(shown);
  }
}

customElements.define("graph-strip", GraphStrip);
