"""The project's own source as the architecture's rules see it: modules, what they import, and whether they are pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Pure is the default. A shell talks to the world: sockets, files, processes, tasks. Told by the module's name …
SHELLS = frozenset(
    # the server's spine
    "__main__ app site evidence media_worker downlink_sources replay_sources commands registry bootstrap clock process tasks database bus redis_bus logs serving "
    "addresses env assets play nursery "
    # how a feature is reached, and where it is kept
    "routes people_routes device_routes whip_routes whep_routes retention_routes request_body store retention_store rules_store turn_store socket pages middleware downlink "
    # media
    "udp_port socket_buffers dtls srtp send_together peer inlet out_track outlet meter media_engine engine engines worker worker_process worker_pool switchboard "
    "media_session whip_session whep_session "
    "packing remuxing piece decoder decoding recorder recorders writer upkeep disk folder library signing removal joining "
    "master_key verifying vouching timestamping "
    # the camera
    "command capture consent encoder sound outgoing_track rtp_hooks whip_client gps gpsd holster controls keys outbox uplink keeper spool backfill "
    "prompt scenario_player".split()
)
# … or by its place: these read files, or wire what does.
SHELL_PLACES = (
    "server/demo/",
    "server/migrations/",
    "streamer/config.py",
    "streamer/media.py",
    "streamer/whereabouts.py",
)
# Every store numbers its rows in the journal: it is a foundation in a folder of its own.
FOUNDATIONS = frozenset({"journal"})
# These put the program together, so they may import any feature's any module.
ROOTS = frozenset(
    {
        "server.app",
        "server.site",
        "server.evidence",
        "server.media_worker",
        "server.downlink_sources",
        "server.replay_sources",
        "server.commands",
        "server.registry",
        "server.__main__",
    }
)
# What a pure module never loads.
WORLD = frozenset(
    "asyncio aiohttp aiortc aioice av jinja2 multiprocessing pylibsrtp redis "
    "socket sqlite3 subprocess threading".split()
)


@dataclass(frozen=True)
class Import:
    """One imported name, as far as it can be told from the text alone."""

    name: str
    line: int
    at_start: bool  # executed when the module is loaded: neither for types only, nor inside a function


@dataclass(frozen=True)
class Module:
    """One Python file of server/ or streamer/."""

    path: Path
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        """Dotted, as it is imported."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def place(self) -> str:
        """Its path from the root."""
        return str(self.path.relative_to(ROOT))

    @property
    def feature(self) -> str | None:
        """The folder below server/ that it belongs to; None for root modules and foundations."""
        parts = self.path.relative_to(ROOT).parts
        return parts[1] if parts[0] == "server" and len(parts) > 2 and parts[1] not in FOUNDATIONS else None

    @property
    def kind(self) -> str:
        """`pure`, `actions` or `shell`."""
        if self.path.stem in SHELLS or self.place.startswith(SHELL_PLACES):
            return "shell"
        if self.path.stem == "__init__" and any(set(item.name.split(".")) & SHELLS for item in self.imports()):
            return "shell"  # it hands on what a shell offers
        return "actions" if self.path.stem.split("_")[-1] == "actions" else "pure"

    def imports(self) -> Iterator[Import]:
        """Everything it imports, wherever that stands."""
        yield from _imports(self.tree, self.name.split("."), True)

    def at(self, node: ast.AST, what: str) -> str:
        """A finding, with its place."""
        return f"{self.place}:{getattr(node, 'lineno', 1)} {what}"


def _imports(node: ast.AST, package: list[str], at_start: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, at_start) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            start = ".".join(package[: -child.level]) + "." if child.level else ""
            source = start + (child.module or "")
            yield from (Import(f"{source}.{alias.name}".strip("."), child.lineno, at_start) for alias in child.names)
        else:
            later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or _for_types(child)
            yield from _imports(child, package, at_start and not later)


def _for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


@cache
def modules() -> dict[str, Module]:
    """Every module of the product, by name."""
    found = {}
    for top in ("server", "streamer"):
        for path in sorted((ROOT / top).rglob("*.py")):
            text = path.read_text()
            module = Module(path, ast.parse(text, str(path)), text.count("\n"))
            found[module.name] = module
    return found


def imported(name: str) -> Module | None:
    """The project's module that an import of `name` loads: itself, or the one that holds the name."""
    known = modules()
    return known.get(name) or known.get(name.rpartition(".")[0])


def front(folder: str, ending: str) -> list[Path]:
    """The front end's own files; packages that npm brings are not ours."""
    return [path for path in sorted((ROOT / "static" / folder).rglob(f"*{ending}")) if "node_modules" not in path.parts]
