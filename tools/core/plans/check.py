"""Plans held to their rules: read here, judged by `plan_rules`, every finding with its line."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tools.core.context import Context
from tools.core.errors import DataError, SetupError
from tools.core.fs import files, locks
from tools.core.models.plan import plan_from
from tools.core.plans import citations as plan_facts
from tools.core.plans import files as plans
from tools.core.plans import rules as plan_rules
from tools.core.receipts import write as receipts
from tools.core.text import json_pointer as pointers
from tools.core.workspace import REPORT, Place, Workspace


class Located(NamedTuple):
    """A finding and where it is: the file, the pointer in it, and the line that holds it."""

    rule: str
    path: str
    pointer: str
    line: int
    reason: str

    @property
    def fix(self) -> str:
        """The command that mends it; what stands in angle brackets is the caller's to fill in."""
        plan_id = self.path.rsplit("/", 1)[-1].removesuffix(plans.SUFFIX)
        return plan_rules.FIXES[self.rule].format(path=shlex.quote(self.path), plan=shlex.quote(plan_id))

    def __str__(self) -> str:
        return f"{self.path}:{self.pointer}: {self.reason} (line {self.line})"


class Result(NamedTuple):
    """What a check says of one plan; `evidence` counts its receipts by what they are worth."""

    path: str
    plan_id: str
    findings: Sequence[Located]
    evidence: Mapping[str, int]
    warnings: Sequence[str]


class _File(NamedTuple):
    name: str
    plan_id: str
    text: str
    raw: dict[str, object]
    findings: tuple[Located, ...]


def check(workspace: Workspace, places: Sequence[Place], *, strict: bool) -> list[Result]:
    """Holds each plan to its rules; git is asked once for all of them."""
    read = [_read(place, strict) for place in places]
    world = plan_facts.gather(workspace, [plan_from(file.raw, file.plan_id) for file in read], strict=strict)
    return [_result(file, world, strict) for file in read]


def _read(place: Place, strict: bool) -> _File:
    plan_id = place.name.rsplit("/", 1)[-1].removesuffix(plans.SUFFIX)
    data = None
    try:
        data = files.read_bytes(place)
        if data is None:
            raise DataError(f"{place.name}:1: does not exist", code="file.missing")
        raw = plans.parse(data, place.name)
    except (DataError, SetupError) as problem:
        return _File(place.name, plan_id, "", {}, (_unreadable(place, data or b"", problem),))
    forms = _forms(place.name, data) if strict else ()
    return _File(place.name, plan_id, data.decode("utf-8"), raw, forms)


def _unreadable(place: Place, data: bytes, problem: DataError | SetupError) -> Located:
    line = problem.details.get("line", 1)
    number = line if isinstance(line, int) else 1
    reason = problem.message.removeprefix(f"{place.name}:").removeprefix(f"{number}:").lstrip()
    pointer, number = (number == 1 and pointers.oddity(data.decode("utf-8", "replace"))) or ("", number)
    return Located("plan.unreadable", place.name, pointer, number, reason)


def _forms(name: str, data: bytes) -> tuple[Located, ...]:
    found = []
    if b"\r\n" in data:
        line = data.count(b"\n", 0, data.index(b"\r\n")) + 1
        found.append(Located("plan.form", name, "", line, "lines end in CRLF"))
    if not data.endswith(b"\n"):
        found.append(Located("plan.form", name, "", data.count(b"\n") + 1, "the last line has no line end"))
    return tuple(found)


def _result(file: _File, world: plan_facts.World, strict: bool) -> Result:
    if not file.text:
        return Result(file.name, file.plan_id, file.findings, {}, ())
    if strict:
        found = plan_rules.strict(file.raw, file.plan_id, world.facts)
        found += [plan_rules.Finding("plan.git", "", world.without_git)] if world.without_git else []
    else:
        found = plan_rules.shape(file.raw, file.plan_id)
    spans = pointers.spans(file.text) if found else {}
    located = {
        Located(rule, file.name, pointer, pointers.line_of(file.text, spans, pointer), reason)
        for rule, pointer, reason in found
    }
    plan = plan_from(file.raw, file.plan_id)
    return Result(
        file.name,
        file.plan_id,
        sorted(located.union(file.findings), key=lambda finding: (finding.line, finding.pointer, finding.reason)),
        Counter(world.worth[path] for path in plan.all_receipts if path in world.worth),
        [f"{file.name}: {ref} is on no bus in sight" for ref in plan.refs("bus") if ref in world.absent],
    )


def write_summary(context: Context, summary: Mapping[str, object], output: str | None) -> list[str]:
    """Writes what a check said: under its moment, as the latest, and where `output` says; names the files."""
    folder = context.workspace.in_root(f"{REPORT}/planner")
    extra = None if output is None else receipts.output_place(context.workspace, output, folder)
    latest = folder.child("validate/summary-latest.json")
    written = [receipts.write_stamped(folder.child("validate"), "summary", ".json", summary, context.now)]
    with locks.hold(context.workspace.report):
        for place in [latest, *([extra] if extra else [])]:
            receipts.replace(place, summary)
            written.append(place)
    return [place.name for place in written]
