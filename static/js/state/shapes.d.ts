// What the server sends: see the wire contract. Times are Unix seconds (UTC), null when unknown.

export type Recording = "recording" | "buffering" | "off";
export type Layer = "main" | "sub";
export type Priority = 1 | 2 | 3;
export type AlertState = "raised" | "cleared" | "acknowledged" | "resolved" | "false";

export interface PersonRef {
  id: string;
  name: string;
}
export interface Person extends PersonRef {
  display_name: string;
  role: string;
}
export interface Wearer {
  name: string;
  collar_number: string;
}
export interface Watcher {
  name: string;
  role: string;
  since: number;
}
export interface Unit {
  device_id: string;
  call_sign: string;
  wearer: Wearer | null;
  online: boolean;
  streaming: boolean;
  /** another one, and the camera has gone and come back, however quickly */
  streaming_since: number | null;
  recording: Recording;
  recording_since: number | null;
  /** of what it records: whether that lies on the server's disk; null: nothing is known yet */
  keeping: "kept" | "failing" | null;
  battery_pct: number | null;
  signal_pct: number | null;
  status_code: number;
  /** what it has no device for now; a camera of before tells none */
  lacks: ("picture" | "sound" | "position")[];
  layers: Layer[];
  watchers: Watcher[];
  last_picture_at: number | null;
  last_seen_at: number | null;
}
export interface Fix {
  device_id: string;
  at: number;
  received_at: number;
  lat: number;
  lon: number;
  accuracy_m: number;
  speed_mps: number | null;
  heading_deg: number | null;
  standing: "live" | "late" | "future";
}
export interface Step {
  action: string;
  by: PersonRef | null;
  at: number;
  detail: string | null;
}
export interface Alert {
  id: string;
  seq: number;
  kind: string;
  family: string;
  title: string;
  priority: Priority;
  cause: string;
  action: string;
  time_allowed_s: number;
  device_id: string;
  call_sign: string;
  wearer: Wearer | null;
  lat: number | null;
  lon: number | null;
  place: string | null;
  state: AlertState;
  raised_at: number;
  needs_since: number;
  device_at: number;
  count: number;
  acknowledged_by: PersonRef | null;
  acknowledged_at: number | null;
  cleared_at: number | null;
  closed_by: PersonRef | null;
  closed_at: number | null;
  steps: Step[];
}
export interface Advice {
  id: string;
  seq: number;
  device_id: string;
  call_sign: string;
  text: string;
  author: PersonRef;
  sent_at: number;
  delivered_at: number | null;
  shown_at: number | null;
  acknowledged_at: number | null;
}
export interface Activity {
  seq: number;
  at: number;
  device_id: string | null;
  call_sign: string | null;
  kind: string;
  text: string;
}
export interface Basemap {
  kind: "town" | "pmtiles" | "none";
  url: string | null;
  center: [number, number] | null;
  zoom: number | null;
}
export interface Settings {
  force: string;
  fix_stale_s: number;
  max_speed_mps: number;
  ice_servers: RTCIceServer[];
  quick_phrases: string[];
  basemap: Basemap;
  exercise: boolean;
}
export interface Snapshot {
  t: "snapshot";
  reset?: boolean;
  seq: number;
  server_time: number;
  person: Person;
  settings: Settings;
  units: Unit[];
  fixes: Fix[];
  alerts: Alert[];
  advice: Advice[];
  activity: Activity[];
  catalogue: unknown[];
}
export type ConsoleMessage =
  | Snapshot
  | { t: "resumed"; seq: number; server_time: number; settings: Partial<Settings>; units: Unit[]; fixes: Fix[] }
  | { t: "settings"; settings: Partial<Settings> }
  | { t: "entry"; seq: number; at: number; kind: "alert"; body: Alert }
  | { t: "entry"; seq: number; at: number; kind: "advice"; body: Advice }
  | { t: "entry"; seq: number; at: number; kind: "activity"; body: Activity }
  | { t: "entry"; seq: number; at: number; kind: "unit"; body: Partial<Unit> & { device_id: string } }
  | { t: "latest"; server_time: number; fixes: Fix[]; units: (Partial<Unit> & { device_id: string })[] }
  | { t: "beat"; server_time: number; seq: number; warning: string }
  | { t: "pong"; at: number; server_time: number };
