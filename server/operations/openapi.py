"""The description of the HTTP API (OpenAPI 3.1). A test holds it against the routes that are really served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.decisions.command_view import LAYERS, MOST_ALERTS, MOST_TILES, STATES

Schema = dict[str, Any]


def _thing(required: str, optional: str = "", **typed: Schema) -> Schema:
    """An object's schema from words `name:type`; a trailing ? allows null."""
    properties: dict[str, Schema] = {}
    for word in (required + " " + optional).split():
        name, _, kind = word.partition(":")
        properties[name] = {"type": [kind[:-1], "null"]} if kind.endswith("?") else {"type": kind}
    properties.update(typed)
    names = [word.partition(":")[0] for word in required.split()]
    return {"type": "object", "properties": properties, "required": names}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(name: str, of: str) -> Schema:
    return {"type": "object", "properties": {name: {"type": "array", "items": _ref(of)}}, "required": [name]}


def _dated(name: str, of: str) -> Schema:
    """A list with the server's time, by which its ages are told."""
    listed = _list(name, of)
    return {**listed, "properties": {"at": {"type": "number"}, **listed["properties"]}}


_OBJECTS: Schema = {"type": "array", "items": {"type": "object"}}
SCHEMAS: dict[str, Schema] = {
    "Problem": {**_thing("type:string title:string status:integer detail:string"), "description": "RFC 9457"},
    "Person": _thing("id:string name:string display_name:string role:string"),
    "Session": _thing("csrf:string duty:string", person=_ref("Person")),
    "PersonEntry": _thing(
        "id:string name:string display_name:string role:string has_password:boolean added_at:number sessions:integer "
        "tokens:integer",
        "call_sign:string? revoked_at:number? last_used_at:number?",
    ),
    "NewPerson": _thing("name:string role:string", "display_name:string? call_sign:string? password:string?"),
    "Device": _thing(
        "device_id:string call_sign:string record_mode:string revoked:boolean",
        "is_phone:boolean online:boolean streaming:boolean recording:string battery_pct:integer? last_seen_at:number? "
        "revoked_at:number? wearer:object?",
        lacks={"type": "array", "items": {"type": "string"}},
    ),
    "DeviceFields": _thing("", "call_sign:string wearer:string? collar_number:string? record:string"),
    "Enrolment": _thing(
        "device_id:string call_sign:string uplink_url:string whip_url:string whip_token:string private_key:string "
        "record:string qr:string",
        namesakes={"type": "array", "items": {"type": "string"}},
    ),
    "NewExport": _thing("view:string why:string"),
    "Export": _thing(
        "id:string name:string state:string share:number problem:string until:number",
        "bytes:integer sha256:string url:string",
        films={"type": "array", "items": _thing("device_id:string bytes:integer url:string")},
    ),
    "Standing": _thing(
        "id:string by:string name:string made_at:number why:string bytes:integer sha256:string from:number to:number "
        "until:number damaged:integer unplayable:integer"
    ),
    "Again": _thing("url:string"),
    "Reason": _thing("why:string"),
    "PersonChange": _thing("", "role:string display_name:string call_sign:string?"),
    "Password": _thing("password:string"),
    "OwnPassword": _thing("current:string password:string"),
    "SignInLink": _thing("url:string expires_at:number"),
    "Ended": _thing("ended:integer"),
    "ApiToken": _thing("id:string purpose:string added_at:number", "expires_at:number? token:string"),
    "NewApiToken": _thing("purpose:string days:integer"),
    "Duty": _thing("duty:string"),
    "SignIn": _thing("name:string password:string", "duty:string"),
    "Unit": _thing(
        "device_id:string call_sign:string online:boolean streaming:boolean recording:string",
        "streaming_since:number? recording_since:number? battery_pct:integer? signal_pct:integer? status_code:integer "
        "last_picture_at:number? last_seen_at:number? wearer:object?",
        layers={"type": "array", "items": {"type": "string"}},
        lacks={"type": "array", "items": {"type": "string"}},
        watchers={"type": "array", "items": {"type": "object"}},
    ),
    "Fix": _thing(
        "device_id:string at:number received_at:number lat:number lon:number accuracy_m:number standing:string",
        "speed_mps:number? heading_deg:number?",
    ),
    "Alert": _thing(
        "id:string seq:integer kind:string title:string priority:integer device_id:string call_sign:string "
        "state:string raised_at:number needs_since:number count:integer",
        "family:string cause:string action:string time_allowed_s:number lat:number? lon:number? place:string? "
        "device_at:number? acknowledged_at:number? cleared_at:number? closed_at:number?",
        acknowledged_by={"type": ["object", "null"]},
        closed_by={"type": ["object", "null"]},
        steps={"type": "array", "items": {"type": "object"}},
    ),
    "Advice": _thing(
        "id:string seq:integer device_id:string call_sign:string text:string sent_at:number",
        "delivered_at:number? shown_at:number? acknowledged_at:number?",
        author={"type": "object"},
    ),
    "NewAdvice": _thing("device_id:string text:string client_id:string", view=_ref("CommandView")),
    "AlertAct": {
        **_thing("", "detail:string", view=_ref("CommandView")),
        "description": "The body may be left out. A view that is refused (type /problems/bad-view) has decided nothing: ask again without it",
    },
    "CommandView": {
        **_thing(
            "at:number page:string",
            tiles={"type": "array", "items": _ref("TileSeen"), "maxItems": MOST_TILES},
            alerts={"type": "array", "items": _ref("AlertSeen"), "maxItems": MOST_ALERTS},
        ),
        "description": "What stood on the screen when it was decided; kept with the decision. Left out: kept as not told",
    },
    "TileSeen": _thing(
        "tile:integer device_id:string age_s:number?",
        layer={"enum": [*LAYERS, None]},
        state={"enum": list(STATES)},
    ),
    "AlertSeen": _thing("id:string priority:integer since:number"),
    "AuditRow": _thing(
        "seq:integer at:number what:string why:string address:string agent:string previous:string chain:string "
        "detail:object",
        actor=_thing("kind:string id:string name:string role:string"),
        subject=_thing("kind:string id:string name:string"),
    ),
    "Viewings": _thing(
        "at:number more:boolean",
        viewings={
            "type": "array",
            "items": _thing(
                "seq:integer at:number what:string why:string from:number? to:number?",
                by=_thing("id:string name:string role:string"),
                of=_thing("kind:string id:string call_sign:string"),
            ),
        },
    ),
    "AuditCheck": _thing(
        "at:number rows:integer checked:integer done:boolean chain:string",
        fault={"anyOf": [_thing("seq:integer why:string"), {"type": "null"}]},
    ),
    "Retention": _thing(
        "at:number recording_id:string state:string category:string?",
        "rule:string delete_at:number? review_at:number?",
        tags={"type": "array", "items": {"type": "string"}},
        kept_by={"type": "array", "items": {"enum": ["open", "case", "share"]}},
        holds={"type": "array", "items": {"type": "object"}},
        entries={"type": "array", "items": _thing("n:integer at:number kind:string value:string text:string")},
        decision={"type": ["object", "null"]},
        tombstone={"type": ["object", "null"]},
    ),
    "RetentionCategory": _thing("name:string title:string days:integer? review_days:integer?"),
    "Upcoming": _thing(
        "at:number days:number counts:object held_back:string",
        rules={"type": "array", "items": _thing("rule:string deletions:integer bytes:integer")},
        deletions={"type": "array", "items": {"type": "object"}},
        reviews={"type": "array", "items": {"type": "object"}},
    ),
    "NewCategory": _thing("category:string why:string", "review_at:number?"),
    "NewTag": _thing("tag:string", "why:string"),
    "NewNote": _thing("text:string"),
    "NewHold": _thing("why:string", "until:number?", kind={"enum": ["case", "share"]}),
    "NewDecision": _thing("why:string", "review_at:number?", decision={"enum": ["retain", "dispose"]}),
    "Camera": _thing("device_id:string call_sign:string uplink_url:string whip_url:string"),
    "UnitRequest": _thing("", what={"enum": ["record", "stop_recording", "stream"]}),
    "MediaSession": _thing("", clock={"type": ["object", "null"]}, layer={"type": "string"}),
    "Status": _thing(
        "at:number span:integer checks:object lines:object disk:object?",
        doubts={"type": "array", "items": {"type": "string"}},
        processes={"type": "array", "items": {"type": "object"}},
        cameras={"type": "array", "items": {"type": "object"}},
    ),
    "Recordings": _thing("at:number next:string?", recordings={"type": "array", "items": _ref("Recording")}),
    "Recording": _thing(
        "id:string device_id:string call_sign:string why:string from:number to:number open:boolean signed:boolean "
        "stamped:boolean? gaps:integer",
        wearer={"type": ["object", "null"]},
        alerts={"type": "array", "items": {"type": "object"}},
        there={"anyOf": [_thing("from:number to:number"), {"type": "null"}]},
    ),
    "TaserLog": _thing(
        "id:string device_id:string call_sign:string serial:string name:string sha256:string bytes:integer "
        "events:integer within:integer zone:string from:number to:number why:string at:number by_name:string problem:string",
        wearer={"type": ["object", "null"]},
        offset=_thing("seconds:number how:string pairs:integer spread_s:number words:string by:string why:string"),
        settings={"type": "array", "items": {"type": "object"}},
    ),
    "NewOffset": _thing("offset_s:number? why:string"),
    "NewView": _thing(
        "why:string",
        "from:number to:number rewind:boolean",
        recordings={"type": "array", "items": {"type": "string"}},
        device_ids={"type": "array", "items": {"type": "string"}},
    ),
    "View": _thing(
        "id:string by:string why:string from:number to:number? opened_at:number expires_at:number",
        recordings={"type": "array", "items": {"type": "string"}},
    ),
    "Timeline": _thing(
        "at:number from:number to:number view:object settings:object fixes:object",
        cameras=_OBJECTS,
        units=_OBJECTS,
        alerts=_OBJECTS,
        alert_states=_OBJECTS,
        advice=_OBJECTS,
        taser_logs=_OBJECTS,
        events=_OBJECTS,
        decisions=_OBJECTS,
    ),
    "NewBookmark": _thing("at:number", "note:string"),
    "Bookmark": _thing("id:string at:number note:string by:string made_at:number"),
    "Wish": _thing("", "sound:boolean", layer={"enum": ["main", "sub"]}),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be done: `gives` and `takes` name schemas (or are schemas), `also` other answers."""

    method: str
    path: str
    summary: str
    status: int = 200
    gives: Schema | None = None
    takes: Schema | None = None
    query: tuple[str, ...] = ()
    sdp: bool = False
    lines: bool = False  # JSON lines: each line is as `gives` has it
    csv: bool = False  # takes text/csv
    reason: bool = False  # takes a header that says why
    may_be_empty: bool = False  # it takes something, or no body


PERSON = "/api/people/{person_id}"
VIEW = "/api/replays/{view_id}"
KEPT = "/api/recordings/{recording_id}"
SESSION = "/media/sessions/{session_id}"
FOUND = (
    "from",
    "to",
    "device",
    "officer",
    "alert",
    "incident",
    "near",
    "area",
    "tag",
    "category",
    "text",
    "before",
    "limit",
)
AUDITED = ("from", "to", "person", "what", "subject", "text")
OPERATIONS: tuple[Operation, ...] = (
    Operation("get", "/api/session", "Who is signed in, and the token for changes", gives=_ref("Session")),
    Operation("post", "/api/session", "Sign in, by name and password or a display by its token; sets the session cookie", gives=_ref("Person"), takes=_ref("SignIn")),
    Operation("patch", "/api/session", "What one is on duty as: the reason of each picture that has no other", gives=_ref("Duty"), takes=_ref("Duty")),
    Operation("put", "/api/session/password", "One's own new password, by the current one; one's other sign-ins end", gives=_ref("Ended"), takes=_ref("OwnPassword")),
    Operation("delete", "/api/session", "Sign out", 204),
    Operation("get", "/api/people", "Everybody who may sign in, or once might", gives=_dated("people", "PersonEntry")),
    Operation("post", "/api/people", "Register a person", 201, gives=_ref("Person"), takes=_ref("NewPerson")),
    Operation("patch", PERSON, "Change role, name or call sign; a new role ends sign-ins and tokens", gives=_ref("Person"), takes=_ref("PersonChange")),
    Operation("delete", PERSON, "Switch a person off, for good", gives=_ref("Person")),
    Operation("put", PERSON + "/password", "Set a password; their sign-ins end", 204, takes=_ref("Password")),
    Operation("post", PERSON + "/link", "A link that signs them in once, within ten minutes", 201, gives=_ref("SignInLink")),
    Operation("delete", PERSON + "/sessions", "End their sign-ins", gives=_ref("Ended")),
    Operation("get", "/api/tokens", "One's own API tokens", gives=_dated("tokens", "ApiToken")),
    Operation("post", "/api/tokens", "A new API token of one's own; `token` is told only now", 201, gives=_ref("ApiToken"), takes=_ref("NewApiToken")),
    Operation("delete", "/api/tokens/{token_id}", "Revoke an API token of one's own", 204),
    Operation("get", "/api/devices", "All registered cameras, revoked ones too", gives=_dated("devices", "Device")),
    Operation("post", "/api/devices", "Register a camera; key and token are told only now", 201, gives=_ref("Enrolment"), takes=_ref("DeviceFields")),
    Operation("patch", "/api/devices/{device_id}", "Change call sign, wearer or when it records", gives=_ref("Device"), takes=_ref("DeviceFields")),
    Operation("delete", "/api/devices/{device_id}", "Revoke a camera: it is lost or stolen", gives=_ref("Device")),
    Operation("get", "/api/units", "All units with their state", gives=_list("units", "Unit")),
    Operation("get", "/api/units/{device_id}", "One unit", gives=_ref("Unit")),
    Operation("post", "/api/units/{device_id}/request", "Ask a unit to record or to stream", 202, takes=_ref("UnitRequest")),
    Operation("get", "/api/units/{device_id}/trail", "Its fixes of the last minutes", gives=_list("fixes", "Fix"), query=("minutes",)),
    Operation("get", "/api/positions", "The latest fix of every unit", gives=_list("fixes", "Fix")),
    Operation("get", "/api/alerts", "Alerts, changed after a journal number", gives=_list("alerts", "Alert"), query=("after",)),
    Operation("get", "/api/alerts/{alert_id}", "One alert with its steps", gives=_ref("Alert")),
    Operation("post", "/api/alerts/{alert_id}/acknowledge", "I have seen it and act", gives=_ref("Alert"), takes=_ref("AlertAct"), may_be_empty=True),
    Operation("post", "/api/alerts/{alert_id}/resolve", "It has ended", gives=_ref("Alert"), takes=_ref("AlertAct"), may_be_empty=True),
    Operation("post", "/api/alerts/{alert_id}/false", "It was not real", gives=_ref("Alert"), takes=_ref("AlertAct"), may_be_empty=True),
    Operation("get", "/api/advice", "Advice, of one unit or of all", gives=_list("advice", "Advice"), query=("device_id",)),
    Operation("post", "/api/advice", "Send advice to a unit; client_id makes it idempotent", 201, gives=_ref("Advice"), takes=_ref("NewAdvice")),
    Operation("get", "/api/recordings", "Recordings, newest first; area (rect:W,S,E,N or circle:LON,LAT,METRES): whose camera was there between from and to", gives=_ref("Recordings"), query=FOUND),
    Operation("get", "/api/replays/settings", "What a page with a map must know of the configuration", gives={"type": "object"}),
    Operation("get", "/api/taser-logs", "Logs of TASERs that were brought in, the newest first", gives=_dated("logs", "TaserLog")),
    Operation("post", "/api/taser-logs", "Bring one in, as its maker exports it: CSV", 201, gives=_ref("TaserLog"), query=("device_id", "from", "to", "name", "utc_offset", "date_order"), csv=True, reason=True),
    Operation("get", "/api/taser-logs/cameras", "Cameras whose officers may have had the weapon", gives=_thing("", cameras=_OBJECTS)),
    Operation("get", "/api/taser-logs/{log_id}", "One of them, with how far its clock is off", gives=_ref("TaserLog")),
    Operation("put", "/api/taser-logs/{log_id}/offset", "Say by how much the weapon's clock is ahead; null: as it is matched", gives=_ref("TaserLog"), takes=_ref("NewOffset")),
    Operation("post", "/api/replays", "Open a view of recordings for a reason, which is logged: nothing is shown without one", 201, gives=_ref("View"), takes=_ref("NewView")),
    Operation("get", VIEW, "Everything of the view's interval, in one order", gives=_ref("Timeline")),
    Operation("get", VIEW + "/known", "What was known at a moment of it", gives={"type": "object"}, query=("at",)),
    Operation("get", VIEW + "/cameras/{device_id}/{layer}.m3u8", "A camera's playlist (HLS, RFC 8216)"),
    Operation("get", VIEW + "/files/{recording_id}/{name}", "A segment or initialisation (CMAF); answers ranges"),
    Operation("get", VIEW + "/pieces/{recording_id}/{name}", "A segment that plays by itself, its times counted from `from`; VP8 as WebM", query=("from",)),
    Operation("get", VIEW + "/stills/{device_id}", "A small picture (JPEG) of a moment; Still-At: when it was", query=("at",)),
    Operation("post", VIEW + "/bookmarks", "Mark a second of what was recorded, for everybody", 201, gives=_ref("Bookmark"), takes=_ref("NewBookmark")),
    Operation("get", KEPT + "/still", "The small picture (JPEG) that a list shows a recording by", reason=True),
    Operation("post", "/api/exports", "Have a view's content made into a bundle that proves itself; who takes it and why is logged", 202, gives=_ref("Export"), takes=_ref("NewExport")),
    Operation("get", "/api/exports", "Those that still stand, whoever made them", gives=_list("exports", "Standing")),
    Operation("post", "/api/exports/{export_id}/again", "Fetch one that stands once more, for a reason that is logged: its address for this sign-in, for an hour", 201, gives=_ref("Again"), takes=_ref("Reason")),
    Operation("get", "/api/exports/{export_id}", "How far it is", gives=_ref("Export")),
    Operation("get", "/api/exports/{export_id}/bundle", "The ZIP; answers ranges; that it is fetched is logged"),
    Operation("get", "/api/exports/{export_id}/film/{camera}", "One camera's film (MP4, or WebM of VP8); likewise", query=("format",)),
    Operation("post", "/api/camera", "The signed-in officer's own phone as a camera", gives=_ref("Camera")),
    Operation("get", "/api/status", "What goes on in the installation: now, and the last ten minutes", gives=_ref("Status"), query=("camera", "after")),
    Operation("get", "/api/audit", "Who did and saw what, the newest first", gives=_dated("rows", "AuditRow"), query=(*AUDITED, "before", "limit")),
    Operation("get", "/api/viewings", "For officers: who has looked at what they recorded and at their living picture", gives=_ref("Viewings"), query=("before", "limit")),
    Operation("post", "/api/audit/export", "The row that they are taken, alone: they are then got by its number", 201, gives=_ref("AuditRow"), query=AUDITED, reason=True),
    Operation("get", "/api/audit/export", "The same as JSON lines, oldest first; that it is taken is a row", gives=_ref("AuditRow"), lines=True, query=(*AUDITED, "row"), reason=True),
    Operation("get", "/api/audit/check", "Walks the chain behind the row `after`, some thousand rows at once", gives=_ref("AuditCheck"), query=("after",)),
    Operation("get", KEPT + "/retention", "How long a recording is kept, what was said of it, and its tombstone", gives=_ref("Retention")),
    Operation("put", KEPT + "/category", "Its category, and when it is reviewed", gives=_ref("Retention"), takes=_ref("NewCategory")),
    Operation("post", KEPT + "/tags", "One tag more; one that counts as a category prolongs", 201, gives=_ref("Retention"), takes=_ref("NewTag")),
    Operation("delete", KEPT + "/tags/{tag}", "One tag less", gives=_ref("Retention"), reason=True),
    Operation("post", KEPT + "/notes", "A note, which stays", 201, gives=_ref("Retention"), takes=_ref("NewNote")),
    Operation("post", KEPT + "/holds", "Nobody deletes it while a hold stands", 201, gives=_ref("Retention"), takes=_ref("NewHold")),
    Operation("delete", KEPT + "/holds/{n}", "Lift a hold, by the number of its entry", gives=_ref("Retention"), reason=True),
    Operation("post", KEPT + "/decisions", "Retain until the next review, or dispose a week later", 201, gives=_ref("Retention"), takes=_ref("NewDecision")),
    Operation("get", "/api/retention", "The categories", gives=_list("categories", "RetentionCategory")),
    Operation("get", "/api/retention/upcoming", "What would be deleted, and must be reviewed, within `days` (7)", gives=_ref("Upcoming"), query=("days",)),
    Operation("get", "/whip/{device_id}", "What this address is: nothing to read, Accept-Post"),
    Operation("post", "/whip/{device_id}", "Publish (WHIP, RFC 9725)", 201, sdp=True),
    Operation("get", "/whep/{device_id}", "What this address is: nothing to read, Accept-Post"),
    Operation("post", "/whep/{device_id}", "Watch (WHEP draft)", 201, sdp=True, query=("layer", "sound", "picture"), reason=True),
    Operation("get", SESSION, "A media session, with the map from RTP time to wall clock", gives=_ref("MediaSession")),
    Operation("patch", SESSION, "Trickle ICE or ICE restart (RFC 9725 4.3)", 204),
    Operation("delete", SESSION, "End the media session"),
    Operation("post", SESSION + "/wish", "Ask for the main or the sub layer, or for the sound", gives=_ref("MediaSession"), takes=_ref("Wish")),
)  # fmt: skip


def document(version: str) -> dict[str, Any]:
    """The OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Watchroom", "version": version, "description": "Times are Unix seconds, UTC."},
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "watchroom_session"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
        "security": [{"session": []}, {"token": []}],
    }


REASONED = {
    "name": "Viewing-Reason",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "Why; it is logged. Percent-encoded; not in the address, which proxies log",
}


def _described(operation: Operation) -> dict[str, Any]:
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    answer: dict[str, Any] = {"description": "Done"}
    if operation.sdp:
        answer["content"] = {"application/sdp": {"schema": {"type": "string"}}}
    elif operation.lines:
        answer["content"] = {"application/jsonl": {"schema": operation.gives}}
    elif operation.gives is not None:
        answer["content"] = {"application/json": {"schema": operation.gives}}
    problem = {"description": "Why not", "content": {"application/problem+json": {"schema": _ref("Problem")}}}
    parameters = [_parameter(name, "path") for name in names] + [_parameter(q, "query") for q in operation.query]
    parameters += [REASONED] if operation.reason else []
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": f"{operation.method}_{operation.path.strip('/').replace('/', '_').replace('{', '').replace('}', '')}",
        "parameters": parameters,
        "responses": {str(operation.status): answer, "default": problem},
    }
    if operation.sdp:
        described["requestBody"] = {"required": True, "content": {"application/sdp": {"schema": {"type": "string"}}}}
    elif operation.csv:
        described["requestBody"] = {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}
    elif operation.takes is not None:
        content = {"application/json": {"schema": operation.takes}}
        described["requestBody"] = {"required": not operation.may_be_empty, "content": content}
    return described


def _parameter(name: str, where: str) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": {"type": "string"}}
