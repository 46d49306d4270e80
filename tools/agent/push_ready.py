#!/usr/bin/env python3
"""Say whether this branch is ready to be pushed, as one JSON verdict."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import json

from tools.core.cli import app as cli
from tools.core.git.branches import current_branch
from tools.core.session import push_ready
from tools.core.sync.fast_forward import require_git


@cli.command(doc=__doc__)
@cli.repeated("--require-receipt", help="A receipt that must exist and be tracked.")
@cli.repeated("--require-test", help="A test output that must exist and be tracked.")
@cli.repeated("--allow-branch", type=cli.LINE, help="A further branch that is accepted.")
def main(
    run: cli.Run, *, require_receipt: tuple[str, ...], require_test: tuple[str, ...], allow_branch: tuple[str, ...]
) -> None:
    seat = run.seat
    require_git(run.workspace)
    checks = push_ready.verdict(run, required=[*require_receipt, *require_test], allowed=allow_branch)
    ready = all(check.status != push_ready.FAIL for check in checks)
    document = {
        "ready": ready,
        "agent_id": seat.agent_id,
        "branch": current_branch(run.workspace.root),
        "checks": [{**check._asdict(), "repair": run.spell(check.repair)} for check in checks],
    }
    run.emit(document, json.dumps(document, indent=2, sort_keys=True))
    if not ready:
        run.finish(1)


if __name__ == "__main__":
    cli.main(main)
