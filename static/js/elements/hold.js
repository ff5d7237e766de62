// A button that acts only when it is held: what it does must not happen by a brush of the sleeve.

/**
 * Wires a button. While held it carries the class `held`, and CSS fills it within `--hold`.
 * A short press only says how to use it.
 * @param {HTMLButtonElement} button
 * @param {{ ms: () => number, act: () => void, hint: (text: string) => void }} parts `ms` 0: acts at once
 */
export function wireHold(button, { ms, act, hint }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  // The click that ends a hold is no press of its own: the button may mean something else by then.
  let swallow = false;
  const cancel = () => {
    clearTimeout(timer);
    timer = undefined;
    button.classList.remove("held");
  };
  const begin = () => {
    const needed = ms();
    swallow = needed > 0;
    if (timer !== undefined || needed === 0) return;
    button.style.setProperty("--hold", `${needed}ms`);
    button.classList.add("held");
    timer = setTimeout(() => {
      cancel();
      navigator.vibrate?.(200);
      act();
    }, needed);
  };
  const release = () => {
    if (timer === undefined) return;
    cancel();
    hint(`Hold it for ${ms() / 1000} s.`);
  };
  button.addEventListener("pointerdown", (event) => {
    if (event.button === 0) begin();
  });
  button.addEventListener("pointerup", release);
  button.addEventListener("pointercancel", cancel);
  button.addEventListener("pointerleave", release);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    if (!event.repeat) begin();
    if (swallow) event.preventDefault();
  });
  button.addEventListener("keyup", (event) => {
    if (event.key === " " || event.key === "Enter") release();
  });
  button.addEventListener("blur", cancel);
  button.addEventListener("click", () => {
    if (!swallow) act();
    swallow = false;
  });
}
