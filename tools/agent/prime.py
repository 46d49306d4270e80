#!/usr/bin/env python3
"""Say what an agent should know as it begins: its seat, its claims, its mail, what is ready; writes nothing."""

from __future__ import annotations

if __name__ == "__main__":  # before any other import
    __import__("sys").path.insert(0, __file__.rpartition("/tools/")[0])
    __import__("teof").isolate(__file__)

import os
import time

from tools.core.cli import app as cli

LIMIT = 2000


@cli.command(doc=__doc__)
def main(run: cli.Run) -> None:
    from tools.core.cli import bootstrap
    from tools.core.integrations.hooks import answer, surroundings, texts

    word = bootstrap.invoked_word()
    here = surroundings.find(run.workspace.root, os.environ, "")
    if here is None or not here.seat:
        run.emit({"seat": None, "bus": here is not None}, texts.no_seat(word))
        return
    process = answer.Process(run.workspace.root, os.environ, time.time_ns(), command=word)
    facts = answer.start_facts(here, process, tell=False)
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
