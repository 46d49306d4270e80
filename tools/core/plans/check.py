"""Checks plans against `rules`: reads them here, and places every finding on its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tools.core.context import Context
from tools.core.errors import DataError, SetupError
from tools.core.fs import files, locks
from tools.core.hint import Hint
from tools.core.models.plan import plan_from
from tools.core.plans import citations, rules, storage
from tools.core.plans.fixes import fix_of
from tools.core.problem import Problem, inside
from tools.core.receipts.outputs import output_place, replace_output
from tools.core.receipts.write import replace_document, write_stamped
from tools.core.text import json_pointer
from tools.core.workspace import REPORT, Place


class Finding(NamedTuple):
    """A problem of a plan, and the command that helps."""

    problem: Problem
    fix: Hint | None


class Result(NamedTuple):
    """What a check says of one plan; `evidence` counts its receipts by what they are worth."""

    path: str
    plan_id: str
    findings: Sequence[Finding]
    evidence: Mapping[str, int]
    warnings: Sequence[str]


class _File(NamedTuple):
    name: str
    plan_id: str
    text: str
    raw: dict[str, object]
    problems: tuple[Problem, ...]


def check_plans(context: Context, places: Sequence[Place], *, strict: bool) -> list[Result]:
    """Checks each plan against the rules; git runs once for all of them."""
    read = [_read(place, strict=strict) for place in places]
    inputs = citations.read_inputs(context, [plan_from(file.raw, file.plan_id) for file in read], strict=strict)
    return [_result(file, inputs, strict=strict) for file in read]


def _read(place: Place, *, strict: bool) -> _File:
    plan_id = place.name.rsplit("/", 1)[-1].removesuffix(storage.SUFFIX)
    data = None
    try:
        data = files.read_bytes(place)
        if data is None:
            raise DataError(Problem(place.name, 1, "does not exist", "file.missing"))
        raw = storage.parse(data, place.name)
    except (DataError, SetupError) as error:
        return _File(place.name, plan_id, "", {}, (_unreadable(error.problem_in(place.name), data or b""),))
    forms = _forms(place.name, data) if strict else ()
    return _File(place.name, plan_id, data.decode("utf-8"), raw, forms)


def _unreadable(problem: Problem, data: bytes) -> Problem:
    odd = json_pointer.first_violation(data.decode("utf-8", "replace")) if problem.line == 1 else None
    pointer, line = odd or ("", problem.line)
    return problem._replace(code="plan.unreadable", line=line, pointer=pointer)


def _forms(name: str, data: bytes) -> tuple[Problem, ...]:
    problems = []
    if b"\r\n" in data:
        line = data.count(b"\n", 0, data.index(b"\r\n")) + 1
        problems.append(Problem(name, line, "lines end in CRLF", "plan.form"))
    if not data.endswith(b"\n"):
        problems.append(Problem(name, data.count(b"\n") + 1, "the last line has no line end", "plan.form"))
    return tuple(problems)


def _result(file: _File, inputs: citations.PlanInputs, *, strict: bool) -> Result:
    if not file.text:
        return Result(file.name, file.plan_id, _findings(file, file.problems), {}, ())
    if strict:
        problems = rules.strict(file.raw, file.plan_id, inputs.facts)
        problems += [inside("plan.git", "", inputs.without_git)] if inputs.without_git else []
    else:
        problems = rules.shape(file.raw, file.plan_id)
    spans = json_pointer.spans(file.text) if problems else {}
    placed = {problem.at(file.name, json_pointer.line_of(file.text, spans, problem.pointer)) for problem in problems}
    plan = plan_from(file.raw, file.plan_id)
    return Result(
        file.name,
        file.plan_id,
        _findings(file, placed.union(file.problems)),
        Counter(inputs.worth[path] for path in plan.all_receipts if path in inputs.worth),
        [f"{file.name}: {ref} is on no bus in sight" for ref in plan.refs("bus") if ref in inputs.absent],
    )


def _findings(file: _File, problems: Iterable[Problem]) -> list[Finding]:
    ordered = sorted(problems, key=lambda problem: (problem.line, problem.pointer, problem.reason))
    return [Finding(problem, fix_of(problem, file.plan_id, file.raw)) for problem in ordered]


def write_summary(context: Context, summary: Mapping[str, object], output: str | None) -> list[str]:
    """Writes the result of a check with its time stamp, as the latest, and at `output`; returns the files' names."""
    folder = context.workspace.in_root(f"{REPORT}/planner")
    extra = None if output is None else output_place(context.workspace, output, folder)
    latest = folder.child("validate/summary-latest.json")
    with locks.hold(context.workspace.report):
        if extra is not None:
            replace_output(extra, summary)
        replace_document(latest, summary)
    stamped = write_stamped(folder.child("validate"), "summary", ".json", summary, context.now)
    return [place.name for place in (stamped, latest, extra) if place is not None]
