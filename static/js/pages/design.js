// The living sheet: every component in every state, in both themes. Made of the elements that the pages use.
import { make } from "../elements/build.js";
import { alertCards, alertTrays, statusLines } from "../sheet/alerts.js";
import { command } from "../sheet/command.js";
import { controls } from "../sheet/controls.js";
import { maps } from "../sheet/markers.js";
import { phone } from "../sheet/phone.js";
import { replay } from "../sheet/replay.js";
import { advice, edges, lists } from "../sheet/room.js";
import { engineering } from "../sheet/status.js";
import { tiles } from "../sheet/tiles.js";
import { wall } from "../sheet/wall.js";

for (const section of document.querySelectorAll("section[data-theme]")) {
  const place = make("div", {});
  section.append(
    statusLines(),
    tiles(),
    maps(),
    alertCards(),
    alertTrays(),
    advice(),
    lists(),
    edges(),
    engineering(),
    wall(),
    phone(),
    ...replay(place),
    command(),
    controls(place),
    place,
  );
}
