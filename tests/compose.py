"""compose.yaml, as Docker Compose understands it: what it says, and what stands in it for given variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "compose.yaml"
# What its head tells a person to set, and the turn profile's secret.
GIVEN = {"POSTGRES_PASSWORD": "p@ss/word#1", "WATCHROOM_PUBLIC_ADDRESS": "203.0.113.5"}
WITH_TURN = GIVEN | {"TURN_SECRET": "north-sea"}

VARIABLE = re.compile(r"(\w+)(?:(:[-?+])(.*))?", re.DOTALL)


class _Texts(yaml.SafeLoader):
    """Every scalar is the text that it is; `<<` merges."""


_Texts.yaml_implicit_resolvers = {}
_Texts.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile("<<$"), ["<"])


def composed(environ: Mapping[str, str], path: Path = COMPOSE) -> dict[str, Any]:
    """The whole file with its variables filled in. Raises KeyError, with its words, for one that must be set."""
    found: dict[str, Any] = _filled_all(yaml.load(path.read_text(), _Texts), environ)
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
