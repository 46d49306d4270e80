"""Manual pages for `man`: what each command says to `--help`, as roff."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tools.core import versions
from tools.core.cli import explained
from tools.core.cli.pages import reference
from tools.core.cli.pages.entries import Entry

SECTION = "1"


def index_page(entries: list[Entry]) -> str:
    """The page `teof(1)`: all commands, a line each."""
    rows = [part for entry in entries for part in (".TP", f".BR {page_name(entry.shown)} (1)", escape(entry.sentence))]
    synopsis = [".B teof", r"\fIcommand\fR [\fIoption\fR]…"]
    head = _head("teof", "several coding agents and a manager share one git repository")
    return "\n".join([*head, ".SH SYNOPSIS", *synopsis, ".SH COMMANDS", *rows, *_exits()]) + "\n"


def page_name(shown: str) -> str:
    """The name of a command's page."""
    return f"teof-{shown}"


def page(entry: Entry, command: Any) -> str:
    """The page of one command, with its subcommands."""
    command = explained.build(command)
    lines = [*_head(page_name(entry.shown), entry.sentence.rstrip("."))]
    lines += [".SH SYNOPSIS", *_usage(command, f"teof {entry.shown}")]
    lines += [".SH DESCRIPTION", *_paragraphs(command.help or ""), *_options(command, ".SH OPTIONS")]
    for words, part in reference.parts(command):
        lines += [f".SH {escape(words).upper()}", *_usage(part, f"teof {entry.shown} {words}")]
        lines += [".PP", *_paragraphs(part.help or ""), *_options(part, ".SS Options")]
    return "\n".join([*lines, *_exits(), ".SH SEE ALSO", ".BR teof (1)"]) + "\n"


def _head(name: str, sentence: str) -> list[str]:
    title = f'.TH "{name.upper()}" "{SECTION}" "" "parallel-agents {versions.TOOLKIT}" "parallel-agents"'
    return [title, ".SH NAME", rf"{escape(name)} \- {escape(sentence)}"]


def _usage(command: Any, spelled: str) -> list[str]:
    with command.make_context(spelled, [], resilient_parsing=True) as context:
        pieces = " ".join(command.collect_usage_pieces(context))
    return [f".B {escape(spelled)}", escape(pieces)]


def _options(command: Any, heading: str) -> list[str]:
    with command.make_context("", [], resilient_parsing=True) as context:
        records = [parameter.get_help_record(context) for parameter in command.get_params(context)]
    rows = [part for record in records if record for part in (".TP", f".B {escape(record[0])}", escape(record[1]))]
    return [heading, *rows] if rows else []


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number:
            yield ".PP"
        lines = paragraph.replace("\b", "").splitlines()
        if any(line.startswith("  ") for line in lines):  # laid out by hand
            yield from (".nf", *(escape(line) for line in lines if line), ".fi")
        else:
            yield escape(" ".join(" ".join(lines).split()))


def _exits() -> list[str]:
    rows = [part for code, meaning in reference.exits() for part in (".TP", f".B {code}", escape(meaning))]
    return [".SH EXIT STATUS", *rows]


def escape(text: str) -> str:
    """Text as roff: nothing in it is a request or an escape, and hyphens stay hyphens."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped[:1] in ".'" else escaped
