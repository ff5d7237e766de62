"""The HTTP application: every route of every feature, and what stands before them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

from server import __version__, replay_sources
from server.access import routes as access_routes
from server.access.device_routes import device_routes
from server.access.people_routes import people_routes
from server.advice import routes as advice_routes
from server.alerts import routes as alert_routes
from server.audit.audit_entry import Subject, What
from server.audit.routes import audit_routes, viewing_routes
from server.backfill.routes import backfill_routes
from server.console.pages import Pages
from server.database import Along
from server.decisions.actions import Keep
from server.decisions.decision import Decision
from server.export import routes as export_routes
from server.media.handed_out import HandedOut
from server.media.routes import media_session_routes
from server.media.whep_routes import whep_routes
from server.media.whip_routes import whip_routes
from server.operations import routes as operations_routes
from server.operations.assets import static_routes, templates
from server.positions import routes as position_routes
from server.recording.retention_routes import retention_routes
from server.replay import routes as replay_routes
from server.stills import routes as still_routes
from server.taser.routes import taser_routes
from server.units import routes as unit_routes

if TYPE_CHECKING:
    from server.access.middleware import Gate
    from server.access.session import Caller
    from server.app import Watchroom
    from server.evidence import Evidence
    from server.units.actions import Units

MOST_BODY = 256 * 1024  # bytes; what takes more has a limit of its own


def application(room: Watchroom) -> web.Application:
    """What `room` has built, reached by HTTP."""
    config, gate, units, engine, kept = room.config, room.gate, room.units, room.engine, room.evidence
    pages, handed_out = templates(), HandedOut()
    shown: dict[str, str | bool] = {
        "force": config.force,
        "theme": config.theme,
        "version": __version__,
        "reason_to_watch": config.reason_to_watch,
    }
    allow, links, keep_of = gate.allow, room.ice_servers.links, _keeping(room)
    console = Pages(pages, allow, gate.person, gate.variables, **shown)
    site = web.Application(middlewares=gate.middlewares(console.worded), client_max_size=MOST_BODY)
    site.add_routes(
        [
            *operations_routes.routes(
                version=__version__,
                status=room.status,
                allow=allow,
                counters={"media": engine.counters},
                gauges={"now": room.gauges},
            ),
            *access_routes.routes(room.access, room.cameras, gate, pages, shown),
            *people_routes(room.people, gate),
            *device_routes(room.cameras, units, gate, room.fix_of),
            *unit_routes.routes(units, allow, room.requests.ask),
            *position_routes.routes(room.positions, allow, units.device),
            *alert_routes.routes(room.alerts, allow, keep_of),
            *advice_routes.routes(room.advising, allow, keep_of),
            *whip_routes(engine, handed_out, gate.admit_camera, links),
            *whep_routes(engine, handed_out, gate.admit_viewer, gate.note_live_view, room.views, links),
            *audit_routes(room.audit, allow, gate.note_viewing),
            *viewing_routes(room.audit, allow, kept.of_person),
            *backfill_routes(kept.backfilling, gate.admit_camera),
            *media_session_routes(engine, handed_out, gate.admit_camera, gate.viewer, room.uplink.clock_offset),
            *room.uplink.routes(),
            *room.sockets.routes(),
            *console.routes(development=config.development),
            *_kept_routes(kept, units, gate),
            *static_routes(config),
        ]
    )
    return site


def _keeping(room: Watchroom) -> Callable[[web.Request, object], Keep]:
    """What keeps a request's decision with the view that it tells, and a row of the audit: who decided, and from where."""
    gate = room.gate

    def keep_of(request: web.Request, view: object) -> Keep:
        person, write = gate.person(request), gate.writer(request)

        def along(decision: Decision) -> Along:
            step = decision.step
            what = What.DECIDE_ALERT if step.of_kind == "alert" else What.DECIDE_ADVICE
            return write.along(
                what,
                [Subject(step.of_kind, step.of_id, decision.call_sign or step.device_id)],
                "",
                **decision.audited(),
            )

        return room.decisions.keeping(view, person.id, person.display_name, along)

    return keep_of


def _kept_routes(kept: Evidence, units: Units, gate: Gate) -> list[web.RouteDef]:
    """Of what is recorded: seen again, marked, kept, taken out."""

    def allowed(request: web.Request) -> tuple[Caller, str | None]:
        return replay_routes.allowed(gate.caller(request))

    replays, noted = kept.replays, replay_sources
    return [
        *replay_routes.routes(replays, gate.caller, noted.note_view(gate), noted.along_bookmark(gate)),
        *still_routes.routes(kept.stills, replays, allowed, noted.note_still(gate)),
        *export_routes.routes(kept.exports, replays, gate.caller, noted.export_notes(gate, kept.retention)),
        *retention_routes(kept.retention, gate.allow, gate.along),
        *taser_routes(kept.taser_logs, units.registered, gate.allow, gate.along),
    ]
