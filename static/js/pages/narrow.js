// A phone gets the page that fits a hand. Whoever asks for the whole console has it until the tab is closed.
// Runs before anything is drawn, so it is no module. A desk at 400 % zoom is narrow too, and stays at its desk.
(() => {
  const WHOLE = "watchroom.whole";
  if (new URLSearchParams(location.search).has("whole")) sessionStorage.setItem(WHOLE, "yes");
  const inHand = matchMedia("(pointer: coarse)").matches || screen.width <= 480;
  const fits = matchMedia("(max-width: 480px)").matches && inHand;
  if (fits && !sessionStorage.getItem(WHOLE)) location.replace("/pocket");
})();
