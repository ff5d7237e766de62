// The cameras page: lists them, and registers, changes and revokes them. Wiring only.
import { RECORDS, listed, summary } from "../state/devices.js";
import { DeviceList } from "../elements/device-list.js";
import { FormSheet } from "../elements/form-sheet.js";
import { SecretSheet } from "../elements/secret-sheet.js";
import { api, asked, done, find, now, say } from "./office.js";

const EVERY_MS = 2000;
const DRAW_MS = 1000;
const parts = {
  list: find("device-list", DeviceList),
  form: find("form-sheet", FormSheet),
  secret: find("secret-sheet", SecretSheet),
  search: find("#search", HTMLInputElement),
};
/** @type {import("../state/devices.js").Device[] | null} */
let devices = null;

function draw() {
  if (!devices) return;
  parts.list.show(listed(devices, parts.search.value), now());
}

async function load() {
  const answer = await asked(api.devices.all(), (told) => summary(told.devices));
  if (!answer) return;
  devices = answer.devices;
  draw();
}

/** @param {Partial<import("../state/devices.js").Device>} device */
function fieldsOf({ call_sign, wearer, record_mode }) {
  return [
    { name: "call_sign", label: "Call sign", value: call_sign ?? "", longest: 20, required: true },
    {
      name: "wearer",
      label: "Who wears it",
      value: wearer?.name ?? "",
      longest: 80,
      hint: "As the room says it: PC Marsh.",
    },
    { name: "collar_number", label: "Collar number", value: wearer?.collar_number ?? "", longest: 80 },
    { name: "record", label: "It records", type: "choice", options: RECORDS, value: record_mode ?? "on-signal" },
  ];
}

function add() {
  parts.form.open({
    title: "Add a camera",
    submit: "Add",
    fields: fieldsOf({}),
    act: async (values) => {
      const made = await api.devices.add(values);
      await load();
      enrol(made);
    },
  });
}

/** What the new camera needs, shown once. @param {import("../state/devices.js").Enrolment} made */
function enrol(made) {
  const same = made.namesakes.join(", ");
  const warned = same ? ` ${same} is ${made.call_sign} too: if it was replaced, revoke it.` : "";
  const key = `${made.device_id}.pem`;
  const server = location.origin;
  parts.secret.open({
    title: `${made.call_sign} is registered`,
    note: `Key and token are shown only now; whoever has one of them is this camera.${warned}`,
    lines: [
      [
        "Our camera, with its key file",
        `python3 -m streamer --server ${server} --device ${made.device_id} --key-file ${key}`,
      ],
      ["Any WHIP client: address", made.whip_url],
      ["Any WHIP client: token", made.whip_token],
    ],
    qr: { picture: made.qr, words: `QR code of address and token for ${made.call_sign}` },
    file: { name: key, text: made.private_key, words: "Save the key file" },
  });
}

/** @param {string} id @param {"on-signal" | "always"} record @param {string} callSign */
async function setRecord(id, record, callSign) {
  const words = record === "always" ? "records whenever it streams" : "records on its officer’s signal";
  await done(api.devices.change(id, { record }), () => `${callSign} ${words}.`);
  await load();
}

document.addEventListener("device-act", (event) => {
  const { act, id } = /** @type {CustomEvent} */ (event).detail;
  const device = devices?.find((one) => one.device_id === id);
  if (!device) return;
  if (act === "on-signal" || act === "always") void setRecord(id, act, device.call_sign);
  if (act === "change") change(device);
  if (act === "revoke") void revoke(device);
});

/** @param {import("../state/devices.js").Device} device */
function change(device) {
  parts.form.open({
    title: `Change ${device.call_sign}`,
    submit: "Change",
    fields: fieldsOf(device),
    act: async (values) => {
      await api.devices.change(device.device_id, values);
      await load();
      say(`${values["call_sign"]} is changed on every console.`);
    },
  });
}

/** @param {import("../state/devices.js").Device} device */
async function revoke({ device_id, call_sign }) {
  await done(api.devices.revoke(device_id), () => `${call_sign} is revoked: it can neither connect nor publish.`);
  await load();
}

document.addEventListener("hold-hint", (event) => say(/** @type {CustomEvent} */ (event).detail.words));
find("#add-camera", HTMLButtonElement).addEventListener("click", add);
parts.search.addEventListener("input", draw);
setInterval(() => document.visibilityState === "visible" && void load(), EVERY_MS);
setInterval(draw, DRAW_MS);
void load();
