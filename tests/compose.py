"""compose.yaml, as Docker Compose understands it: what it says, and what stands in it for given variables.

It is read by a reader of the part of YAML that it is written in, so that the tests need no package for one file. What
the reader does not know it refuses; that the file is YAML at all, prettier sees (tests/checks.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "compose.yaml"
# What its head tells a person to set, and the turn profile's secret.
GIVEN = {"POSTGRES_PASSWORD": "p@ss/word#1", "WATCHROOM_PUBLIC_ADDRESS": "203.0.113.5"}
WITH_TURN = GIVEN | {"TURN_SECRET": "north-sea"}

KEY = re.compile(r"(<<|[\w.-]+):(?: +(.*))?$")
QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"|\'((?:[^\']|\'\')*)\'')
VARIABLE = re.compile(r"(\w+)(?:(:[-?+])(.*))?", re.DOTALL)


class Unfinished(ValueError):
    """A list or map in brackets goes on in the next line."""


def composed(environ: Mapping[str, str], path: Path = COMPOSE) -> dict[str, Any]:
    """The whole file with its variables filled in. Raises KeyError, with its words, for one that must be set."""
    found: dict[str, Any] = _filled_all(Reader(path.read_text()).whole(), environ)
    return found


def filled(text: str, environ: Mapping[str, str]) -> str:
    """`${NAME}`, `${NAME:-default}`, `${NAME:?words}`, `${NAME:+instead}` and `$$`, as Compose fills them in."""
    done, at = "", 0
    while (start := text.find("$", at)) >= 0:
        done += text[at:start]
        if text[start + 1 : start + 2] == "$":
            done, at = done + "$", start + 2
            continue
        if text[start + 1 : start + 2] != "{":
            raise ValueError(f"neither ${{…}} nor $$: {text[start:]}")
        at = _end_of_braces(text, start + 2)
        done += _variable(text[start + 2 : at - 1], environ)
    return done + text[at:]


def _end_of_braces(text: str, at: int) -> int:
    depth = 1
    while depth:
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        at += 1
    return at


def _variable(written: str, environ: Mapping[str, str]) -> str:
    found = VARIABLE.fullmatch(written)
    if found is None:
        raise ValueError(f"no variable: {written}")
    name, how, word = found.groups()
    value = environ.get(name, "")
    if how == ":+":
        return filled(word, environ) if value else ""
    if how == ":-" and not value:
        return filled(word, environ)
    if how == ":?" and not value:
        raise KeyError(f"{name}: {word}")
    return value


def _filled_all(node: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(node, str):
        return filled(node, environ)
    if isinstance(node, list):
        return [_filled_all(one, environ) for one in node]
    if isinstance(node, dict):
        return {key: _filled_all(one, environ) for key, one in node.items()}
    return node


class Reader:
    """Maps, lists, texts, `|` blocks, anchors and `<<` of YAML; every scalar is a text, an empty one None.

    Raises ValueError, with the line, for anything else.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._at = 0
        self._anchors: dict[str, Any] = {}

    def whole(self) -> Any:
        """The document."""
        found = self._block(-1)
        if self._next() is not None:
            raise self._refused()
        return found

    # ---- lines

    def _next(self) -> tuple[int, str] | None:
        """How far the next line that says something is indented, and what it says."""
        while self._at < len(self._lines):
            line = self._lines[self._at]
            said = line.strip()
            if said and not said.startswith("#"):
                return len(line) - len(line.lstrip()), said
            self._at += 1
        return None

    def _refused(self) -> ValueError:
        at = min(self._at, len(self._lines) - 1)
        return ValueError(f"line {at + 1}: {self._lines[at]!r}")

    # ---- what is indented by more than `outer`

    def _block(self, outer: int) -> Any:
        line = self._next()
        if line is None or line[0] <= outer:
            return None
        indent, said = line
        if said == "-" or said.startswith("- "):
            return self._list(indent)
        if KEY.match(said):
            return self._map(indent)
        self._at += 1
        return self._inline(said)

    def _list(self, indent: int) -> list[Any]:
        found = []
        while (line := self._next()) is not None and line[0] == indent and line[1].startswith("- "):
            said = line[1][2:].strip()
            if KEY.match(said):  # a map begins behind the dash: as if it stood alone, further in
                self._lines[self._at] = " " * (indent + 2) + said
                found.append(self._map(indent + 2))
            else:
                self._at += 1
                found.append(self._value(said, indent))
        return found

    def _map(self, indent: int) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while (line := self._next()) is not None and line[0] == indent:
            key = KEY.match(line[1])
            if key is None or key[1] in own:
                raise self._refused()
            self._at += 1
            value = self._value(key[2] or "", indent)
            if key[1] == "<<":
                merged = value
            else:
                own[key[1]] = value
        return merged | own

    def _value(self, said: str, indent: int) -> Any:
        if said.startswith("&"):
            name, _, rest = said[1:].partition(" ")
            self._anchors[name] = self._value(rest.strip(), indent)
            return self._anchors[name]
        if said.startswith("*"):
            return self._anchors[said[1:]]
        if said in ("|", "|-"):
            return self._literal(indent) + ("\n" if said == "|" else "")
        return self._inline(said) if said else self._block(indent)

    def _literal(self, outer: int) -> str:
        taken = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if line.strip() and len(line) - len(line.lstrip()) <= outer:
                break
            taken.append(line)
            self._at += 1
        inner = min(len(line) - len(line.lstrip()) for line in taken if line.strip())
        return "\n".join(line[inner:] for line in taken).rstrip("\n")

    # ---- within a line, or in brackets over several

    def _inline(self, said: str) -> Any:
        while True:
            try:
                found, rest = _flow(said) if said[0] in "[{\"'" else (said, "")
            except Unfinished:
                if self._next() is None:
                    raise self._refused() from None
                said += " " + self._lines[self._at].strip()
                self._at += 1
                continue
            if rest or (isinstance(found, str) and found == said and re.search(r"^[>%@`!]|\s#|: ", said)):
                self._at -= 1
                raise self._refused()
            return found


def _flow(text: str, inside: bool = False) -> tuple[Any, str]:
    """The value at the start of `text`, and what stands behind it."""
    text = text.lstrip()
    if not text:
        raise Unfinished
    if text[0] in "\"'":
        quoted = QUOTED.match(text)
        if quoted is None:
            raise Unfinished
        double, single = quoted.groups()
        said = re.sub(r"\\(.)", r"\1", double) if double is not None else single.replace("''", "'")
        return said, text[quoted.end() :].lstrip()
    if text[0] in "[{":
        return _flow_map(text[1:]) if text[0] == "{" else _flow_list(text[1:])
    plain = re.match(r"[^,\]}]*" if inside else r".*", text)
    assert plain is not None  # both match nothing at all, too
    return plain[0].strip(), text[plain.end() :]


def _flow_list(text: str) -> tuple[list[Any], str]:
    found = []
    while not (text := text.lstrip()).startswith("]"):
        one, text = _flow(text, inside=True)
        found.append(one)
        text = _behind_comma(text, "]")
    return found, text[1:].lstrip()


def _flow_map(text: str) -> tuple[dict[str, Any], str]:
    found = {}
    while not (text := text.lstrip()).startswith("}"):
        key, colon, text = text.partition(":")
        if not colon:
            raise Unfinished
        found[key.strip()], text = _flow(text, inside=True)
        text = _behind_comma(text, "}")
    return found, text[1:].lstrip()


def _behind_comma(text: str, end: str) -> str:
    if text.startswith(","):
        return text[1:]
    if not text:
        raise Unfinished
    if not text.startswith(end):
        raise ValueError(f"neither a comma nor {end}: {text}")
    return text
