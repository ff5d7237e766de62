// Wires the command view: what stood on the screen at a decision, shown again while the clock stands at it.
/** @import { Decision } from "../state/command_view.js" */
/** @import { ReplayAddress } from "../state/replay_address.js" */
/** @import { Replay } from "../state/replay.js" */
import { decisionAt } from "../state/command_view.js";
import { CommandView } from "../elements/command-view.js";
import { find, say } from "./office.js";

/**
 * @param {{ replay: () => Replay, player: import("./player.js").Player, address: ReplayAddress, keep: () => void }} page
 * @returns {{ toggle: () => void, close: () => void, follow: (at: number) => void }} follow: the decision of another moment
 */
export function commanding({ replay, player, address, keep }) {
  const panel = find("command-view", CommandView);
  let shown = "";

  /** @param {Decision} decision */
  function show(decision) {
    const { view, cameras } = replay();
    shown = decision.id;
    document.body.dataset["command"] = "";
    panel.show(decision, cameras, (device, layer) => `/api/replays/${view.id}/cameras/${device}/${layer}.m3u8`);
  }

  /** @param {Decision} decision */
  function open(decision) {
    player.pause();
    player.seek(decision.at);
    address.command = true;
    show(decision);
    keep();
  }

  function close() {
    if (!shown) return;
    shown = "";
    address.command = false;
    delete document.body.dataset["command"];
    panel.end();
    keep();
  }

  /** @param {number} at */
  function follow(at) {
    if (!shown) return;
    const decision = decisionAt(replay().decisions, at);
    if (!decision) close();
    else if (decision.id !== shown) show(decision);
  }

  function toggle() {
    if (shown) return close();
    const decision = decisionAt(replay().decisions, player.at);
    return decision ? open(decision) : say("No decision before this.");
  }

  document.addEventListener("replay-decision", (event) => {
    const { id } = /** @type {CustomEvent} */ (event).detail;
    const decision = replay().decisions.find((one) => one.id === id);
    if (decision) open(decision);
  });
  const asked = address.command ? decisionAt(replay().decisions, player.at) : undefined;
  if (asked) show(asked);
  return { toggle, close, follow };
}
