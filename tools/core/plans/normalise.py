"""Deviations in plans: other spellings of a status and receipts cited twice, fixed in place.

Only the characters of the deviating values change; order, layout and everything else of the file
stay. An unknown word is reported and never changed.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tools.core.context import Context
from tools.core.errors import DataError, SetupError
from tools.core.fs import files, locks
from tools.core.models.plan import checkpoint_word, plan_word
from tools.core.plans import storage
from tools.core.problem import Problem
from tools.core.receipts.write import write_stamped
from tools.core.text import json_pointer
from tools.core.text.json_pointer import Span, join
from tools.core.workspace import Place


class Deviation(NamedTuple):
    """A value that is not as it should be; `instead` is None where its meaning is unclear."""

    problem: Problem
    span: Span
    instead: str | None


class Normalised(NamedTuple):
    """The deviations of some plans, the files that were fixed, and the file that records the difference."""

    deviations: list[Deviation]
    problems: list[Problem]
    mended: list[str]
    record: Place | None


def deviations(text: str, raw: Mapping[str, Any], path: str) -> list[Deviation]:
    """Every drift of one plan, in the order of the file."""
    spans = json_pointer.spans(text)
    words = [*_words(raw, "", plan_word)]
    words += [finding for index, step in _steps(raw) for finding in _words(step, join("steps", index), plan_word)]
    if isinstance(raw.get("checkpoint"), dict):
        words += _words(raw["checkpoint"], "/checkpoint", checkpoint_word)
    made = [
        Deviation(
            Problem(path, json_pointer.line_of(text, spans, where), reason, "plan.hygiene", where),
            spans[where],
            instead,
        )
        for where, reason, instead in words
    ]
    lists = [join("receipts"), *(join("steps", index, "receipts") for index, _ in _steps(raw))]
    made += [deviation for where in lists for deviation in _repeated(text, spans, where, path)]
    return sorted(made, key=lambda deviation: deviation.span)


def fixed(text: str, deviations: Sequence[Deviation]) -> str:
    """The text with every drift mended whose right value is known."""
    for deviation in sorted(deviations, key=lambda deviation: deviation.span, reverse=True):
        if deviation.instead is not None:
            text = text[: deviation.span.start] + deviation.instead + text[deviation.span.end :]
    return text


def survey(places: Sequence[Place]) -> Normalised:
    """The drift of every plan; nothing is written."""
    listed, problems = [], []
    for place in places:
        try:
            text, raw = _read(place)
        except (DataError, SetupError) as error:
            problems.append(error.problem_in(place.name))
            continue
        listed += deviations(text, raw, place.name)
    return Normalised(listed, problems, [], None)


def apply(context: Context, places: Sequence[Place], agent: str) -> Normalised:
    """Fixes what has a clear meaning; the difference is recorded first, as evidence of the acting agent."""
    with locks.hold(context.workspace.report):
        survey_result = survey(places)
        by_path: dict[str, list[Deviation]] = {}
        for deviation in survey_result.deviations:
            by_path.setdefault(deviation.problem.path, []).append(deviation)
        before = {place: _read(place)[0] for place in places if place.name in by_path}
        after = {place: fixed(text, by_path[place.name]) for place, text in before.items()}
        changed = [place for place in before if before[place] != after[place]]
        record = None
        if changed:
            difference = "".join(_difference(place.name, before[place], after[place]) for place in changed)
            folder = context.workspace.agent_report(agent).child("plan-hygiene")
            record = write_stamped(folder, "applied", ".diff", difference.encode("utf-8"), context.now)
        for place in changed:
            files.replace(place, after[place].encode("utf-8"))
    left = [deviation for deviation in survey_result.deviations if deviation.instead is None]
    return Normalised(left, survey_result.problems, [place.name for place in changed], record)


def _read(place: Place) -> tuple[str, dict[str, object]]:
    data = files.read_bytes(place)
    if data is None:
        raise DataError(Problem(place.name, 1, "does not exist", "file.missing"))
    return data.decode("utf-8", "replace"), storage.parse(data, place.name)


def _difference(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{name}", f"b/{name}"
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _steps(raw: Mapping[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    steps = raw.get("steps")
    return [
        (index, step) for index, step in enumerate(steps if isinstance(steps, list) else []) if isinstance(step, dict)
    ]


def _words(
    part: Mapping[str, Any], where: str, word_of: Callable[[object], str | None]
) -> Iterator[tuple[str, str, str | None]]:
    if "status" not in part:
        return
    value = part["status"]
    word = word_of(value)
    if word is None:
        yield f"{where}/status", f"unknown status {value!r}", None
    elif word != value:
        yield f"{where}/status", f"{value!r} should be {word!r}", json.dumps(word)


def _repeated(text: str, spans: Mapping[str, Span], where: str, path: str) -> Iterator[Deviation]:
    seen: set[object] = set()
    index = 0
    while (span := spans.get(where + join(index))) is not None:
        value = json.loads(text[span.start : span.end])
        key = value if isinstance(value, str) else index
        if key in seen:
            before = spans[where + join(index - 1)]
            line = json_pointer.line_of(text, spans, where + join(index))
            problem = Problem(path, line, f"{value!r} is cited twice", "plan.hygiene", where + join(index))
            yield Deviation(problem, Span(before.end, span.end), "")
        seen.add(key)
        index += 1
