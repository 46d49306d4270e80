#!/usr/bin/env python3
"""Check plans: their shape, and with --strict every receipt and link they cite."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from typing import Any

from tools.core import clock
from tools.core.cli import app as cli
from tools.core.plans import check, storage
from tools.core.problem import Problem
from tools.core.text import terminal


@cli.command(doc=__doc__)
@cli.argument("paths", nargs=-1)
@cli.option("--strict", is_flag=True, help="Also check citations; old forms that readers accept are errors.")
@cli.option("--output", type=cli.LINE, help="Also write the summary here (a bare name: _report/planner/).")
def main(run: cli.Run, *, paths: tuple[str, ...], strict: bool, output: str | None) -> None:
    places = [storage.place_named(run.workspace, path) for path in paths] or storage.all_places(run.workspace)
    results = check.check_plans(run, places, strict=strict)
    exit_code = 1 if any(result.findings for result in results) else 0
    summary = {
        "generated_at": clock.to_text(run.now),
        "strict": strict,
        "exit_code": exit_code,
        "plans": [_row(run, result) for result in results],
    }
    written = check.write_summary(run, summary, output)
    for result in results:
        run.warn(result.warnings)
    run.emit({**summary, "written": written}, "\n".join([*map(_text, results), _last_line(results, written)]))
    run.finish(exit_code)


def _row(run: cli.Run, result: check.Result) -> dict[str, Any]:
    return {
        "path": result.path,
        "plan_id": result.plan_id,
        "ok": not result.findings,
        "errors": [_sentence(finding.problem) for finding in result.findings],
        "findings": [
            {
                "rule": problem.code,
                "path": problem.path,
                "pointer": problem.pointer,
                "line": problem.line,
                "reason": problem.reason,
                "fix": run.spell(fix),
            }
            for problem, fix in result.findings
        ],
        "evidence": dict(result.evidence),
    }


def _text(result: check.Result) -> str:
    if not result.findings:
        return f"OK {result.path}"
    return "\n".join([f"FAIL {result.path}", *(f"  {_sentence(finding.problem)}" for finding in result.findings)])


def _sentence(problem: Problem) -> str:
    return f"{problem.path}:{problem.pointer}: {problem.reason} (line {problem.line})"


def _last_line(results: list[check.Result], written: list[str]) -> str:
    failed = sum(1 for result in results if result.findings)
    counts = [
        f"{sum(result.evidence.get(word, 0) for result in results)} {word}"
        for word in ("verified", "unverified", "broken")
    ]
    return f"{terminal.number(len(results), 'plan')}, {failed} with findings; receipts: {', '.join(counts)} -> {written[0]}"


if __name__ == "__main__":
    cli.main(main)
