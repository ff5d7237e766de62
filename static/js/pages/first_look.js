// Before anything of a page is painted: its theme and size of text, so that it does not stand there in others first.
import { applyLooks } from "./looks.js";

applyLooks();
const named = new URLSearchParams(location.search).get("theme"); // the console's address
if (named === "light" || named === "dark") document.documentElement.dataset["theme"] = named;
