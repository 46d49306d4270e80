"""Rendering a template: the home of jinja2.

Every text of a record goes through `clean` and then through autoescape; undefined names are errors.

Compiling the templates costs more than all the rest of a page. So their code is kept as Python keeps that
of modules: in `__pycache__` beside them, trusted as much as they are, made anew when they, this module
or the compiler change, and not written where Python is told to write none or may not.
"""

from __future__ import annotations

import functools
import importlib.util
import marshal
import os
import sys
from contextlib import suppress
from datetime import datetime
from typing import Any

import jinja2
from jinja2.bccache import Bucket
from markupsafe import Markup

from tools.core import clock, hint, ids
from tools.core.board.alerts import assign
from tools.core.board.model import AlertRow
from tools.core.board.page import words
from tools.core.hashing import sha256_hex
from tools.core.text import secrets, terminal

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")


class _Compiled(jinja2.BytecodeCache):
    """The code of templates; what cannot be read is compiled, what cannot be written is not kept."""

    def __init__(self) -> None:
        stats = [os.stat(module) for module in (__file__, jinja2.Environment.compile.__code__.co_filename)]
        self._makers = "".join(f"{stat.st_mtime_ns} {stat.st_size} " for stat in stats)

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The file for a template's code."""
        return importlib.util.cache_from_source(filename or os.path.join(FOLDER, name))

    def _stamp(self, bucket: Bucket) -> bytes:
        return sha256_hex(f"{self._makers}{bucket.checksum} {sys.version}".encode()).encode()

    def load_bytecode(self, bucket: Bucket) -> None:
        """Reads the code of a template where it is that of the template as it stands."""
        stamp = self._stamp(bucket)
        with suppress(OSError, ValueError, EOFError, TypeError), open(bucket.key, "rb") as kept:
            if kept.read(len(stamp)) == stamp:
                bucket.code = marshal.load(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps the code of a template."""
        if sys.dont_write_bytecode:
            return
        unfinished = f"{bucket.key}.{os.getpid()}"
        with suppress(OSError):
            os.makedirs(os.path.dirname(bucket.key), exist_ok=True)
            with open(unfinished, "wb") as kept:
                kept.write(self._stamp(bucket) + marshal.dumps(bucket.code))
            os.replace(unfinished, bucket.key)


def constant(text: str) -> Markup:
    """Text of our own that is shown as it stands."""
    return Markup(text)


def _shown(value: object) -> object:
    """A value between the markup: control characters made visible, secrets removed."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return terminal.clean(secrets.redact(value))


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=_Compiled(),
        optimized=False,
    )
    environment.filters.update(
        stamp=clock.to_text,
        when=lambda at: f"{at:%a %d %b %H:%M}",
        short=terminal.short,
        kind=words.kind,
        edge=words.edge,
        act=_act,
        spelled=_spelled,
        assign=_assign,
        parts=words.parts,
        many=lambda rows, noun: terminal.number(rows if isinstance(rows, int) else len(rows), noun),
        window=words.window,
        evidence_slices=words.evidence_slices,
        age=_age,
        lateness=_lateness,
        lasted=words.age,
    )
    environment.globals.update(answering=words.answering, assigning=words.assigning)
    environment.filters.update(is_task=ids.is_task, is_agent=ids.is_agent, is_plan=ids.is_plan, is_record=ids.is_record)
    return environment


@jinja2.pass_context
def _age(names: jinja2.runtime.Context, at: datetime | None, never: str = "never") -> str:
    return words.age(at, names["now"], never)


@jinja2.pass_context
def _lateness(names: jinja2.runtime.Context, at: datetime | None) -> str:
    return words.lateness(at, names["now"])


@jinja2.pass_context
def _spelled(names: jinja2.runtime.Context, command: str, *arguments: str) -> str:
    text: str = names["view"].spell(hint.tool(command, *arguments))
    return text


@jinja2.pass_context
def _assign(names: jinja2.runtime.Context, task: str) -> str:
    text: str = names["view"].spell(assign(task))
    return text


@jinja2.pass_context
def _act(names: jinja2.runtime.Context, row: AlertRow) -> words.Act | None:
    return words.act(row, names["acting"], names["view"].spell)


def render(name: str, names: dict[str, Any]) -> str:
    """A template with its names."""
    text: str = _environment().get_template(name).render(names)
    return text
