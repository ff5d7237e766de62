"""A timeline: everything that happened in an interval, in one order, and what was known at each moment of it. Pure.

Order is the server's: its clock, then the kind, so that two things of one moment always stand the same way (R11).
What was *known* is not what was *true*: a fix counts from when it arrived, an alert as consoles were shown it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from server.decisions.decision import ADVISED
from server.positions.fix import Fix, Standing, newer
from server.positions.trail import thin
from server.replay.bookmark import Bookmark
from server.replay.cut import Cut
from server.replay.decided import Stretch, decided, name_of, only_of
from server.replay.footage import HOLE_S, LAYERS, Gap, Placed, Recording, holes, spans
from server.replay.gap_steps import GapStep, gap_steps
from server.replay.playlist import in_turn
from server.replay.room_command import MARKS, WATCHES, Command
from server.replay.told import shown_from, told_of_steps

Json = dict[str, Any]

FIX_FIELDS = ("at", "received_at", "lat", "lon", "accuracy_m", "heading_deg", "speed_mps")
MOST_FIXES = 7200  # of a camera on a page: two hours at one a second
TICK_ORDER = ("recording", "gap", "alert", "command", "taser", "advice", "activity", "bookmark")
TOGETHER_S = 3.0  # cameras that one person takes up within this are taken up at once
RAISES = ("raised", "raised again", "escalated")
STEP_WORDS = {"acknowledged": "Acknowledged", "resolved": "Resolved", "false": "Marked false"}
GAP_WORDS = {
    "lost": "packets lost",
    "sound-lost": "sound lost",
    "camera-away": "camera away",
    "not-sent": "camera sent no picture",
    "not-kept": "camera kept nothing",
    "server-restart": "server restarted",
    "no-space": "no space on the disk",
    "not-recorded": "not recorded",
    "undeclared": "reason not recorded",
    "late": "came late; the recording has it, this view leaves it out",
    "damaged": "what was recorded is damaged",
    "unplayable": "what was recorded cannot be played",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the stores hold of the interval. `alert_states`: each state of an alert, and when consoles got it."""

    start: float
    end: float
    recordings: Sequence[Recording] = ()
    fixes: Mapping[str, Sequence[Fix]] = field(default_factory=dict)
    alerts: Sequence[Json] = ()
    alert_states: Sequence[tuple[float, Json]] = ()
    advice: Sequence[Json] = ()
    activity: Sequence[tuple[float, Json]] = ()
    call_signs: Mapping[str, str] = field(default_factory=dict)
    taser_logs: Sequence[Json] = ()  # brought in afterwards, with their `placed` events
    bookmarks: Sequence[Bookmark] = ()
    commands: Sequence[Command] = ()  # in order
    cuts: Sequence[Cut] = ()
    grew: bool = False  # the view has no end, and may have been opened while something grew
    decisions: Sequence[Json] = ()  # as they are kept, with what stood on the screen
    elsewhere: Mapping[str, Sequence[Stretch]] = field(
        default_factory=dict
    )  # when cameras on those screens were recorded

    def only(self, device_ids: Collection[str]) -> Facts:
        """What concerns these cameras: an officer's own view shows nobody else, and not what others write of its recordings."""
        return replace(
            self,
            fixes={one: fixes for one, fixes in self.fixes.items() if one in device_ids},
            alerts=[one for one in self.alerts if one["device_id"] in device_ids],
            alert_states=[(at, one) for at, one in self.alert_states if one["device_id"] in device_ids],
            advice=[one for one in self.advice if one["device_id"] in device_ids],
            activity=[(at, one) for at, one in self.activity if one["device_id"] in device_ids],
            call_signs={one: sign for one, sign in self.call_signs.items() if one in device_ids},
            taser_logs=[_told(one) for one in self.taser_logs if one["placed"] and one["device_id"] in device_ids],
            commands=[one for one in self.commands if one.what == WATCHES and one.device_id in device_ids],
            cuts=[one for one in self.cuts if one.own],
            decisions=only_of(self.decisions, device_ids),
        )


def timeline(facts: Facts) -> Json:
    """All of it as JSON: cameras with what they have, fixes (thinned for a page), states of alerts, advice, and the ordered
    events; what stood on the screen at each decision; and of what some lack."""
    ordered = events(facts)
    return {
        "from": facts.start,
        "to": facts.end,
        "cameras": [camera(recordings, grew=facts.grew) for recordings in _by_device(facts.recordings).values()],
        "units": [{"device_id": one, "call_sign": name} for one, name in sorted(facts.call_signs.items())],
        "fix_fields": [*FIX_FIELDS, "live"],
        "fixes": {device_id: _rows(thin(fixes, MOST_FIXES)) for device_id, fixes in facts.fixes.items() if fixes},
        "alerts": [_without_steps(alert) for alert in facts.alerts],
        "alert_states": [{"at": at, "alert": _without_steps(body)} for at, body in facts.alert_states],
        "advice": list(facts.advice),
        "taser_logs": [{name: one[name] for name in one if name != "placed"} for one in facts.taser_logs],
        "events": ordered,
        "decisions": decided(ordered, facts.decisions, facts.recordings, facts.elsewhere),
        "cuts": [one.as_json() for one in facts.cuts],
    }


def camera(recordings: Sequence[Recording], *, grew: bool = False) -> Json:
    """What a replay's tile and its lane are drawn from: one camera's recordings, oldest first. `grew`: its playlist is as
    `in_turn` has it, and what that leaves out is a gap.
    """
    newest = recordings[-1]
    segments = {layer: _sorted(one for rec in recordings for one in rec.layer(layer)) for layer in LAYERS}
    whole = segments["main"] or segments["sub"]
    late = _late(whole, growing=any(one.is_open for one in recordings)) if grew else []
    left = {id(one) for one in late}
    shown = [one for one in whole if id(one) not in left]
    return {
        "device_id": newest.device_id,
        "call_sign": newest.call_sign,
        "wearer": newest.wearer,
        "layers": [layer for layer in LAYERS if segments[layer]],
        "codec": next((one.codec for one in shown if one.codec), None),
        "sound": any(one.sound for one in shown),
        "ahead_s": newest.ahead_s,
        "parts": ".".join(str(one.parts) for one in recordings),
        "recordings": [
            {
                "id": one.id,
                "why": one.why,
                "asked_at": one.asked_at,
                "from": one.start,
                "to": one.end,
                "open": one.is_open,
                "signed": one.signed,
                "stamped": None,
            }
            for one in recordings
        ],
        "spans": spans(shown),
        "unseen": [{"from": one["from"], "to": one["to"]} for one in spans([one for one in shown if not one.pictures])],
        "gaps": [
            {
                "from": gap.start,
                "to": gap.end,
                "why": gap.why,
                "words": gap_words(gap),
                "packets": gap.packets,
                "filled": gap.filled,
            }
            for gap in [*_left_out(late), *(gap for rec in recordings for gap in _holes(rec))]  # the first is told
        ],
    }


def events(facts: Facts) -> list[Json]:
    """Everything that a jump may go to, in order."""
    found = [*_of_recordings(facts.recordings), *_of_alerts(facts), *_of_advice(facts.advice), *_of_activity(facts)]
    found += [*_of_taser_logs(facts.taser_logs), *_of_commands(facts.commands)]
    found += [_event(one.at, "bookmark", None, one.words(), sign="bookmark") for one in facts.bookmarks]
    within = [event for event in found if facts.start <= event["at"] <= facts.end]
    return sorted(within, key=lambda event: (event["at"], TICK_ORDER.index(event["kind"]), event["text"]))


def known_at(facts: Facts, at: float) -> Json:
    """What the room knew at that moment: who was recorded, where everybody was and how old that was, the open alerts."""
    fixes = {device_id: known_fix(all_of, at) for device_id, all_of in facts.fixes.items()}
    recorded = {one.device_id for one in facts.recordings if any(_holds(part, at) for part in one.segments)}
    return {
        "at": at,
        "units": [
            {
                "device_id": device_id,
                "call_sign": call_sign,
                "recording": "recording" if device_id in recorded else "off",
                "fix": _aged(fixes.get(device_id), at),
            }
            for device_id, call_sign in sorted(facts.call_signs.items())
        ],
        "alerts": alerts_at(facts.alert_states, at),
        "advice": [advice_at(one, at) for one in facts.advice if one["sent_at"] <= at],
        "cuts": [one.as_json() for one in facts.cuts if one.since <= at],
    }


def known_fix(fixes: Iterable[Fix], at: float) -> Fix | None:
    """The position that a console showed: of what had arrived, the newest live one."""
    held: Fix | None = None
    for fix in fixes:
        if fix.received_at <= at and fix.standing is Standing.LIVE:
            held = newer(held, fix)
    return held


def alerts_at(states: Iterable[tuple[float, Json]], at: float) -> list[Json]:
    """The open alerts as consoles showed them; of each the last state told by then."""
    held: dict[str, Json] = {}
    for told_at, body in states:
        if told_at <= at and body["seq"] >= held.get(body["id"], body)["seq"]:
            held[body["id"]] = body
    return [_without_steps(body) for body in held.values() if body["state"] not in ("resolved", "false")]


def advice_at(advice: Json, at: float) -> Json:
    """Advice with the receipts that had come by then."""
    receipts = ("delivered_at", "shown_at", "acknowledged_at")
    return {
        name: None if name in receipts and value is not None and value > at else value for name, value in advice.items()
    }


def gap_words(gap: Gap) -> str:
    """ "gap 48 s: camera away"; and how much of it was back-filled, if any was."""
    length, why = gap.end - gap.start, GAP_WORDS.get(gap.why, gap.why)
    part = "" if length - gap.filled < HOLE_S else f"{_seconds(gap.filled)} "
    return f"gap {_seconds(length)}: {why}" + (f"; {part}back-filled" if gap.filled else "")


# ---- events of each kind ------------------------------------------------------------------------


def _event(at: float, kind: str, device_id: str | None, text: str, **more: Any) -> Json:
    return {"at": at, "kind": kind, "device_id": device_id, "text": text, **more}


def _of_recordings(recordings: Iterable[Recording]) -> Iterable[Json]:
    for one in recordings:
        before = one.asked_at - one.start
        kept = f", {before:.0f} s before kept" if before >= 1 else ""
        begins = max(one.asked_at, one.start)  # what is ordered begins with its first picture
        yield _event(begins, "recording", one.device_id, f"Recording {one.call_sign}{kept}", sign="camera")
        for step in gap_steps(_holes(one), _shown(one)):
            words = f"{one.call_sign} {_step_of_gaps(step)}"
            yield _event(step.start, "gap", one.device_id, words, sign="camoff")
        if not one.is_open:
            yield _event(one.end, "recording", one.device_id, f"Recording {one.call_sign} ends", sign="camera")


def _of_alerts(facts: Facts) -> Iterable[Json]:
    """Each step where consoles were told of it; `step_at` says when it was done."""
    told = told_of_steps(facts.alert_states)
    for alert in facts.alerts:
        about = {"alert_id": alert["id"], "family": alert["family"]}
        for step in alert["steps"]:
            text = _step_words(alert, step)
            if text is None:
                continue
            raises = step["action"] in RAISES
            told_at, then = told.get((alert["id"], step["action"], step["at"]), (step["at"], alert))
            more: Json = {"priority": int(then["priority"])} if raises else {}
            kind = "command" if step["by"] and not raises else "alert"
            sign = "alert" if raises else "tick"
            times = {"at": shown_from(told_at), "step_at": step["at"]}
            if kind == "command":
                more["decision"] = name_of(step["action"], alert["id"], step["at"])
            yield _event(kind=kind, device_id=alert["device_id"], text=text, sign=sign, **times, **about, **more)


def _step_words(alert: Json, step: Json) -> str | None:
    """None: nothing to jump to (who merely saw it)."""
    action, detail, call_sign = step["action"], step.get("detail") or "", alert["call_sign"]
    if action in ("raised", "raised again"):
        return f"{detail.split(';')[0] or alert['title']}, {call_sign}"
    if action == "escalated":
        return f"{detail.split(';')[0].split('→')[-1].strip() or alert['title']}, {call_sign}"
    if action == "cleared":
        return f"{alert['title']} is over, {call_sign}"
    if action in STEP_WORDS:
        return f"{STEP_WORDS[action]}, {(step['by'] or {}).get('name', 'the server')}: {alert['title']}"
    return None


def _of_advice(advice: Iterable[Json]) -> Iterable[Json]:
    receipts = (("shown_at", "Shown to"), ("acknowledged_at", "Heard by"))
    for one in advice:
        author, words = one["author"]["name"], one["text"]
        text = f"{author} to {one['call_sign']}: {words}"
        name = name_of(ADVISED, one["id"], one["sent_at"])
        yield _event(one["sent_at"], "advice", one["device_id"], text, sign="send", decision=name)
        for name, said in receipts:
            if one[name] is not None:
                yield _event(one[name], "advice", one["device_id"], f"{said} {one['call_sign']}", sign="tick")


def _of_commands(commands: Iterable[Command]) -> Iterable[Json]:
    """Who begins to watch: a wall of nine cameras is opened in one step."""
    held: list[Command] = []
    for one in commands:
        if one.what != WATCHES:
            text = f"{MARKS[one.what]} on {one.call_sign}'s recording, {one.by}"
            yield _event(one.at, "command", one.device_id, text, sign="log")
        elif held and one.by == held[0].by and one.at - held[0].at <= TOGETHER_S:
            held.append(one)
        else:
            yield from _watching(held)
            held = [one]
    yield from _watching(held)


def _watching(together: Sequence[Command]) -> Iterable[Json]:
    if together:
        first = together[0]
        names = ", ".join(dict.fromkeys(one.call_sign for one in together))
        device_id = first.device_id if len({one.device_id for one in together}) == 1 else None
        yield _event(first.at, "command", device_id, f"{first.by} watches {names}", sign="eye")


def _of_activity(facts: Facts) -> Iterable[Json]:
    """What was for information; but for recording, which the footage itself tells better."""
    recorded = {one.device_id for one in facts.recordings}
    for at, body in facts.activity:
        if str(body["kind"]).startswith("recording.") and body["device_id"] in recorded:
            continue
        text = f"{body['text']}, {body['call_sign']}" if body.get("call_sign") else str(body["text"])
        yield _event(at, "activity", body["device_id"], text, sign="info")


def _of_taser_logs(logs: Iterable[Json]) -> Iterable[Json]:
    """What the weapon itself kept, where its clock less the offset places it; each says both."""
    for log in logs:
        for one in log["placed"]:
            lasted = "" if one["duration_s"] is None else f" for {one['duration_s']:g} s"
            text = f"TASER log: {one['text']}{lasted}, {log['call_sign']} ({log['offset']['words']})"
            told = {"log_id": log["id"], "device_at": one["device_at"], "duration_s": one["duration_s"]}
            yield _event(one["at"], "taser", log["device_id"], text, sign="taser", **told)


def _told(log: Json) -> Json:
    """A log without the reason for which it was brought in, which may be a complaint, and without anybody's id."""
    wearer = log["wearer"] and {name: value for name, value in log["wearer"].items() if name != "person_id"}
    return {**{name: log[name] for name in log if name not in ("why", "by_id")}, "wearer": wearer}


# ---- small parts --------------------------------------------------------------------------------


def _by_device(recordings: Iterable[Recording]) -> dict[str, list[Recording]]:
    found: dict[str, list[Recording]] = {}
    for one in sorted(recordings, key=lambda one: one.start):
        found.setdefault(one.device_id, []).append(one)
    return found


def _sorted(segments: Iterable[Placed]) -> list[Placed]:
    return sorted(segments, key=lambda one: (one.at, one.n))


def _shown(one: Recording) -> list[Placed]:
    return one.layer("main") or one.layer("sub")


def _holes(one: Recording) -> list[Gap]:
    return holes(_shown(one), one.gaps)


def _late(whole: Sequence[Placed], *, growing: bool) -> list[Placed]:
    """What a playlist that grows, or did, leaves out for good; what was back-filled is only told later."""
    told = {id(one) for one in in_turn(whole, growing=growing)}  # a shift has some 14,000: none is compared in full
    return [one for one in whole if id(one) not in told and not one.filled]


def _left_out(late: Sequence[Placed]) -> list[Gap]:
    return [Gap(one["from"], one["to"], "late") for one in spans(late)]


def _step_of_gaps(step: GapStep) -> str:
    if len(step.gaps) == 1:
        return gap_words(step.gaps[0])
    why = step.gaps[0].why
    return f"{len(step.gaps)} gaps in {_seconds(step.end - step.start)}: {GAP_WORDS.get(why, why)}"


def _holds(part: Placed, at: float) -> bool:
    return part.at <= at < part.end


def _rows(fixes: Sequence[Fix]) -> list[list[Any]]:
    rows = [[getattr(fix, name) for name in FIX_FIELDS] for fix in fixes]
    return [[*row, fix.standing is Standing.LIVE] for row, fix in zip(rows, fixes, strict=True)]


def _aged(fix: Fix | None, at: float) -> Json | None:
    return None if fix is None else {**fix.as_json(), "age_s": max(0.0, at - fix.at)}


def _without_steps(alert: Json) -> Json:
    return {name: value for name, value in alert.items() if name != "steps"}


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
