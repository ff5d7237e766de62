// The wall's service worker: holds one page for the time when no server answers, so that a display which boots then
// asks again by itself instead of showing the browser's own error for ever. It keeps nothing else: no picture, no state
// of the room, no answer of the API ever comes from here, and the page it keeps knows nobody.

const KEPT = "watchroom-waiting";
const PAGE = "/wall/waiting";
const FONT =
  "/static/node_modules/@fontsource-variable/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-latin-wght-normal.woff2";
const PARTS = [
  ...["tokens", "base", "button", "kiosk"].map((sheet) => `/static/css/${sheet}.css`),
  ...["pages/waiting", "state/words"].map((script) => `/static/js/${script}.js`),
  "/static/mark.svg",
  FONT,
];
const LONGEST_MS = 20_000; // a server that takes longer for a page does not answer
const AWAY = [502, 503, 504]; // what a proxy says for a server that is not there

/** @type {any} */
const worker = self;

worker.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(keep().then(() => worker.skipWaiting()));
});
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (origin !== location.origin || event.request.method !== "GET") return;
  if (event.request.mode === "navigate") event.respondWith(page(event));
  else if (PARTS.includes(pathname)) event.respondWith(part(event.request));
});

/** All of it anew, or all as it was: the page and its parts are always of one version. */
async function keep() {
  const kept = await caches.open(KEPT);
  await kept.addAll([PAGE, ...PARTS].map((path) => new Request(path, { cache: "reload" })));
}

/** @param {any} event a navigation */
async function page(event) {
  /** @type {Promise<null>} */
  const late = new Promise((resolve) => {
    setTimeout(resolve, LONGEST_MS, null);
  });
  const answer = await Promise.race([fetch(event.request).catch(() => null), late]);
  if (answer && !AWAY.includes(answer.status)) {
    event.waitUntil(keep().catch(() => undefined)); // the server that answers now may be a newer one
    return answer;
  }
  return (await caches.match(PAGE)) ?? answer ?? Response.error();
}

/** @param {Request} request for what the kept page is made of */
async function part(request) {
  return fetch(request).catch(async () => (await caches.match(request.url)) ?? Response.error());
}
