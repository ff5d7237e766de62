"""The rules of the house, held by the source itself. Each failing line names the file, the line and the rule."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.source import ROOT, ROOTS, WORLD, Module, front, imported, modules

NAMES_THAT_SAY_NOTHING = frozenset(
    "manager handler helper helpers util utils common misc core base defs types service".split()
)
BROAD = frozenset({"Exception", "BaseException"})
MAY_CATCH_ALL = frozenset({"tasks", "middleware"})
TIME = frozenset(
    {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime"}
)
READS_TIME_OR_CHANCE = {
    "time": TIME,
    "datetime": frozenset({"now", "utcnow", "today"}),
    "date": frozenset({"today"}),
    "uuid": frozenset({"uuid1", "uuid4"}),
}
# Loaded by any Python that someone may type, before a single package is installed.
BEFORE_PACKAGES = (
    "server/__init__.py",
    "server/__main__.py",
    "server/bootstrap.py",
    "server/environments.py",
    "server/installation.py",
    "server/interpreters.py",
    "streamer/__init__.py",
    "streamer/__main__.py",
    "tests/__init__.py",
    "tests/__main__.py",
    "tests/bench/__init__.py",
    "tests/bench/__main__.py",
)
# One file by its purpose, with its most lines: a defence lawyer gets it, and it needs nothing but a Python 3.8.
TRAVEL_ALONE = {"server/recording/verifier.py": 720}  # since 2026-11-29 it knows timestamps and back-filled parts too


def test_pure_modules_do_not_touch_the_world() -> None:
    """No async, no I/O: what judges can be tested without a world. Name it in tests/source.py SHELLS if it must."""
    found = []
    for module in modules().values():
        for item in module.imports():
            top = item.name.split(".")[0]
            allowed = {"pure": frozenset(), "actions": frozenset({"asyncio"})}.get(module.kind, WORLD)
            if top in WORLD - allowed and item.at_start:
                found.append(f"{module.place}:{item.line} {module.kind} module imports {item.name}")
        if module.kind == "pure":
            asynchronous = (node for node in ast.walk(module.tree) if isinstance(node, ast.AsyncFunctionDef))
            found += [module.at(node, f"async def {node.name} in a pure module") for node in asynchronous]
    assert not found, _listed(found)


def test_pure_modules_do_not_load_shells() -> None:
    found = []
    for module in modules().values():
        for item in module.imports() if module.kind == "pure" else ():
            target = imported(item.name)
            if target is not None and target.kind == "shell" and item.at_start:
                found.append(f"{module.place}:{item.line} pure module imports the shell {target.name}")
    assert not found, _listed(found)


def test_a_feature_reaches_only_into_the_pure_modules_of_another() -> None:
    """Everything else is handed to it by server/app.py as a constructor argument (whose type may be imported)."""
    found = []
    for module in modules().values():
        if module.name in ROOTS or module.name.startswith("server.demo") or not module.name.startswith("server"):
            continue
        for item in module.imports():
            target = imported(item.name)
            foreign = target is not None and target.feature not in (None, module.feature)
            if target is not None and foreign and target.kind != "pure" and item.at_start:
                found.append(f"{module.place}:{item.line} reaches into {target.name}, which is not pure")
    assert not found, _listed(found)


def test_root_modules_know_no_feature() -> None:
    found = []
    for module in modules().values():
        if module.feature is not None or module.name in ROOTS or not module.name.startswith("server."):
            continue
        for item in module.imports():
            target = imported(item.name)
            if target is not None and target.feature is not None:
                found.append(f"{module.place}:{item.line} root module imports {target.name}")
    assert not found, _listed(found)


def test_the_camera_shares_only_the_wire_with_the_server() -> None:
    """And the set-up, for its start: a camera must be able to live in a repository of its own."""
    found = []
    for module in modules().values():
        allowed = {"server.wire"} | ({"server.bootstrap"} if module.name == "streamer.__main__" else set())
        for item in module.imports() if module.name.startswith("streamer") else ():
            target = imported(item.name)
            if item.name.split(".")[0] == "server" and (target is None or target.name not in allowed):
                found.append(f"{module.place}:{item.line} imports {item.name}")
    assert not found, _listed(found)


def test_the_server_does_not_know_the_camera() -> None:
    """But for the demo, which puts both on one stage and reads the play."""
    found = [
        f"{module.place}:{item.line} imports {item.name}"
        for module in modules().values()
        for item in module.imports()
        if module.name.startswith("server") and item.name.split(".")[0] == "streamer"
        if module.feature != "demo" or not item.name.startswith(("streamer.scenario.", "streamer.errors."))
    ]
    assert not found, _listed(found)


def test_no_import_cycle() -> None:
    known = modules()
    edges = {
        name: {target.name for item in module.imports() if item.at_start and (target := imported(item.name))} - {name}
        for name, module in known.items()
    }
    while leaves := {name for name, targets in edges.items() if not targets & edges.keys()}:
        edges = {name: targets for name, targets in edges.items() if name not in leaves}
    assert edges == {}, f"these modules import each other: {sorted(edges)}"


def test_time_and_chance_come_from_outside() -> None:
    """Only clock.py reads a clock; chance is secrets, or a random.Random that is seeded or that a shell hands in."""
    found = []
    for module in modules().values():
        if module.path.stem == "clock":
            continue
        for call in _calls(module):
            owner, name = _owner_and_name(call)
            seeded = name in ("Random", "default_rng") and (call.args or module.kind == "shell")
            if name in READS_TIME_OR_CHANCE.get(owner, ()) or (owner == "random" and not seeded):
                found.append(module.at(call, f"{owner}.{name}() outside clock.py"))
        for item in module.imports():
            source, _, name = item.name.rpartition(".")
            if (source == "time" and name in TIME) or (source == "random" and name != "Random"):
                found.append(f"{module.place}:{item.line} imports {item.name}: it hides where time or chance is read")
    assert not found, _listed(found)


def test_every_task_has_an_owner() -> None:
    found = [
        module.at(call, "starts a task outside tasks.py")
        for module in modules().values()
        for call in _calls(module)
        if _owner_and_name(call)[1] in ("create_task", "ensure_future") and module.path.stem != "tasks"
    ]
    assert not found, _listed(found)


def test_errors_are_caught_by_name_and_never_dropped() -> None:
    found = []
    for module in modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler):
                if module.path.stem not in MAY_CATCH_ALL and _is_broad(node.type):
                    found.append(module.at(node, "broad except: name what can go wrong"))
                if all(isinstance(statement, ast.Pass) for statement in node.body):
                    found.append(module.at(node, "an error is dropped: say why with contextlib.suppress, or count it"))
            if isinstance(node, ast.Call) and _owner_and_name(node)[1] == "suppress" and any(map(_is_broad, node.args)):
                found.append(module.at(node, "suppresses everything"))
    assert not found, _listed(found)


def test_names_say_something() -> None:
    found = []
    for module in modules().values():
        if set(module.path.stem.split("_")) & NAMES_THAT_SAY_NOTHING:
            found.append(module.at(module.tree, "the module's name says nothing"))
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                words = {word.lower() for word in re.findall(r"[A-Z][a-z]*", node.name)}
                if words & NAMES_THAT_SAY_NOTHING:
                    found.append(module.at(node, f"class {node.name}: {words & NAMES_THAT_SAY_NOTHING} says nothing"))
    assert not found, _listed(found)


def test_sizes() -> None:
    """A file to 400 lines (unless it travels alone), a function to 50, nesting to 3."""
    found = []
    for module in modules().values():
        most = TRAVEL_ALONE.get(module.place, 400)
        if module.lines > most:
            found.append(module.at(module.tree, f"{module.lines} lines > {most}"))
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > 50:
                found.append(module.at(node, f"{node.name} is {length} lines > 50"))
            if _nesting(node) > 3:
                found.append(module.at(node, f"{node.name} nests {_nesting(node)} > 3"))
    assert not found, _listed(found)


def test_every_module_says_what_it_is() -> None:
    silent = [module.place for module in modules().values() if not ast.get_docstring(module.tree)]
    assert silent == []


def test_no_globals() -> None:
    nodes = ((module, node) for module in modules().values() for node in ast.walk(module.tree))
    assert [module.at(node, "global") for module, node in nodes if isinstance(node, ast.Global)] == []


def test_most_of_the_house_is_pure() -> None:
    kinds = [module.kind for module in modules().values() if module.path.stem != "__init__"]
    assert kinds.count("pure") / len(kinds) >= 0.4


def test_what_runs_before_the_packages_needs_none() -> None:
    """Standard library only when it is loaded, and no syntax newer than Python 3.8."""
    found = []
    ours = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in BEFORE_PACKAGES}
    for place in (*BEFORE_PACKAGES, *TRAVEL_ALONE):
        path = ROOT / place
        tree = ast.parse(path.read_text(), place, feature_version=(3, 8))
        for item in Module(path, tree, 0).imports():
            known = item.name.split(".")[0] in sys.stdlib_module_names or ours & {
                item.name,
                item.name.rpartition(".")[0],
            }
            if item.at_start and not known:
                found.append(f"{place}:{item.line} imports {item.name}")
        newer = (node for node in ast.walk(tree) if isinstance(node, ast.Match | ast.TryStar))
        found += [f"{place}:{node.lineno} syntax that Python 3.8 does not know" for node in newer]
    assert not found, _listed(found)


@pytest.mark.parametrize(
    ("module", "spared"),
    [
        ("server.commands", "server.config sqlalchemy aiohttp"),
        ("server.registry", "aiohttp alembic jinja2 cryptography.x509"),  # device add, person add, token add …
        ("server.app", "alembic"),
    ],
)
def test_what_is_started_often_loads_no_more_than_it_needs(module: str, spared: str) -> None:
    """Each of these takes 0.1 to 0.4 s of a start, and 10 to 30 MB of each process."""
    look = f"import sys, {module}; print(*(sys.modules.keys() & {set(spared.split())!r}))"
    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_scripts_are_short_and_set_no_globals() -> None:
    found = []
    for path in front("js", ".js"):
        lines = path.read_text().splitlines()
        if len(lines) > 200:
            found.append(f"{path.relative_to(ROOT)} {len(lines)} lines > 200")
        found += _lines_with(path, r"\b(window|globalThis)\.\w+\s*=[^=]", "sets a global")
    assert not found, _listed(found)


def test_colours_stand_only_in_the_tokens() -> None:
    colour = r"#[0-9a-fA-F]{3,8}\b(?!\))|\b(rgba?|hsla?|hwb|lab|lch|oklab|oklch)\("
    found = []
    for path in front("css", ".css"):
        if path.name != "tokens.css":
            found += _lines_with(path, colour, "a colour outside tokens.css")
    for path in front("js", ".js"):
        found += _lines_with(
            path, r"""["'`]#[0-9a-fA-F]{3,8}["'`]|["'`](rgba?|hsla?)\(""", "a colour outside tokens.css"
        )
    assert not found, _listed(found)


def test_no_style_shouts_down_another() -> None:
    assert [line for path in front("css", ".css") for line in _lines_with(path, "!important", "!important")] == []


def test_no_rule_asks_the_whole_page_what_is_within_it() -> None:
    """`body:has(:focus)` had every alert style half of the console's elements anew: 60 ms of the main thread. (A wall's own
    rule looks for a class that comes and goes with its bar alone.)
    """
    whole = r"(?:^|[\s,(])(?:html|body|:root):has\("
    assert [line for path in front("css", ".css") for line in _lines_with(path, whole, "asked of the page")] == []


def test_pages_carry_no_inline_script_or_style() -> None:
    """The content security policy refuses them; so does taste."""
    found = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        found += _lines_with(path, r"""\son[a-z]+\s*=\s*["']|\sstyle\s*=\s*["']|<style""", "inline script or style")
    assert not found, _listed(found)


def _listed(found: list[str]) -> str:
    return "\n".join(["", *found])


def _calls(module: Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))


def _owner_and_name(call: ast.Call) -> tuple[str, str]:
    """(`asyncio`, `create_task`) for `asyncio.create_task(…)`; the owner of `a.b.c(…)` is `b`."""
    function = call.func
    if isinstance(function, ast.Name):
        return "", function.id
    if not isinstance(function, ast.Attribute):
        return "", ""
    owner = function.value
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return name, function.attr


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(map(_is_broad, caught.elts))
    return caught is None or (isinstance(caught, ast.Name) and caught.id in BROAD)


def _nesting(node: ast.AST, depth: int = 0) -> int:
    blocks = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith, ast.Match)
    deepest = depth
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            deepest = max(deepest, _nesting(child, depth + isinstance(child, blocks)))
    return deepest


def _lines_with(path: Path, pattern: str, what: str) -> list[str]:
    numbered = enumerate(path.read_text().splitlines(), 1)
    return [f"{path.relative_to(ROOT)}:{number} {what}" for number, line in numbered if re.search(pattern, line)]
