// A page that says why another is not shown: in the theme and the size of text of this browser.
import { keepLooks } from "./looks.js";

keepLooks();
