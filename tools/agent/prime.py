#!/usr/bin/env python3
"""Say what an agent should know as it begins: its seat, its claims, its mail, what is ready; writes nothing."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

from tools.core.cli import app as cli

LIMIT = 2000


@cli.command(doc=__doc__)
def main(run: cli.Run) -> None:
    from tools.core.cli import bootstrap
    from tools.core.integrations import overview
    from tools.core.integrations.hooks import texts

    word = bootstrap.invoked_word()
    seat = run.reader
    if seat is None or not run.store.exists():
        run.emit({"seat": seat and seat.agent_id, "bus": run.store.exists()}, texts.no_seat(word))
        return
    facts = overview.of_seat(run.acting_as(seat))
    document = {
        "seat": facts.seat,
        "branch": facts.branch,
        "claims": [{"task_id": held.task, "seconds": held.seconds and int(held.seconds)} for held in facts.held],
        "unread": facts.waiting.unread,
        "open_requests": facts.waiting.open_requests,
        "ready": list(facts.ready),
        "others": facts.others,
    }
    run.emit(document, texts.start(facts, word, LIMIT))


if __name__ == "__main__":
    cli.main(main)
