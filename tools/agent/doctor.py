#!/usr/bin/env python3
"""Check everything an agent needs here: machine, bus, seat, what setup wrote, what programs would start."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os
from collections import Counter
from typing import Any

from tools.core.cli import app as cli
from tools.core.errors import SetupError


@cli.command(doc=__doc__)
@cli.repeated("--cli", "programs", type=cli.LINE, help="Only this program.")
@cli.option("--fix", is_flag=True, help="First repeat what setup knows, and make missing folders.")
@cli.option("--offline", is_flag=True, help="Do not ask the remote.")
def main(run: cli.Run, *, programs: tuple[str, ...], fix: bool, offline: bool) -> None:
    from tools.core.cli import bootstrap
    from tools.core.setup import clone, launchers, plan
    from tools.core.setup import programs as installed
    from tools.core.setup.probes import all as probes
    from tools.core.setup.probes.probe import FAIL, WARN, line_of

    plan.require_names(list(programs))
    try:
        here = clone.find(run.workspace, os.path.expanduser("~"), bootstrap.server_command())
    except SetupError:
        here = None
    steps: list[str] = []
    if fix and here is not None:
        steps = clone.fix(
            here, launchers.here(bootstrap.command_word(installed.in_login_shell(bootstrap.CONSOLE_SCRIPT)))
        )
        for step in steps:
            run.note(f"fixed: {step}")
        here = clone.find(run.workspace, os.path.expanduser("~"), bootstrap.server_command())
    results = probes.run(run, here, bound=run.binding, offline=offline, only=programs)
    counted = Counter(probe.status for probe in results)
    document = {
        "probes": [_document(run, probe) for probe in results],
        "failed": counted[FAIL],
        "warned": counted[WARN],
        "fixed": steps,
    }
    summary = ", ".join(f"{counted[status]} {status}" for status in ("pass", "warn", "fail", "skip") if counted[status])
    run.emit(document, "\n".join([*(line_of(probe, run.spell) for probe in results), summary]))
    run.finish(1 if counted[FAIL] else 0)


def _document(run: cli.Run, probe: Any) -> dict[str, Any]:
    from tools.core.setup.probes.probe import fix_of

    document = {**probe._asdict(), "fix": fix_of(probe, run.spell)}
    return {key: value for key, value in document.items() if value or key != "cli"}


if __name__ == "__main__":
    cli.main(main)
