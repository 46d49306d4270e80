#!/usr/bin/env python3
"""Play a session in a scratch repository: a manager, two agents, one task, one crash."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable

if not __package__:  # started by its path: the checkout belongs on the module path, not this folder
    import sys
    from os.path import abspath, dirname

    sys.path[0] = dirname(dirname(dirname(abspath(__file__))))

from tools.core import cli
from tools.core.rehearsal import Played, Race, Scene, Stage, Step

MANAGER, ONE, TWO = "manager-1", "codex-1", "codex-2"
TASK = "QUEUE-001"
BUS = "python -m tools.agent"


def scenes() -> list[Scene]:
    """The whole play, in order; a part of the toolkit that is added adds its scenes here."""
    return [*getting_ready(), *one_task_for_two(), *a_crash(), *the_end()]


def getting_ready() -> list[Scene]:
    """From nothing to three seats that share one bus."""
    ready = Scene(
        "A repository is made ready, with an origin and a worktree for each agent",
        [
            Step("scratch", "git init -q -b main manager-1"),
            Step(
                MANAGER, f"python -m tools init --agent {MANAGER} --role manager", says=("worktree of the branch bus",)
            ),
            Step(MANAGER, "python -m tools init", says=("nothing to do",)),
            Step(MANAGER, "git add -A"),
            Step(MANAGER, "git commit -qm 'Make ready for several agents'"),
            Step(MANAGER, "git init -q --bare ../origin.git"),
            Step(MANAGER, "git remote add origin ../origin.git"),
            Step(MANAGER, "git push -q origin main bus"),
            Step(MANAGER, f"git worktree add -q ../{ONE} -b agent/{ONE}/work"),
            Step(MANAGER, f"git worktree add -q ../{TWO} -b agent/{TWO}/work"),
            Step(ONE, f"python -m tools init --agent {ONE}", says=(f"the seat of {ONE}",)),
            Step(TWO, f"python -m tools init --agent {TWO}", says=(f"the seat of {TWO}",)),
        ],
    )
    announced = Scene(
        "All announce themselves on the hub",
        [
            *(
                Step(
                    who,
                    f"{BUS}.bus_message --task manager-report --type status "
                    f'--summary "{who} online; focus={focus}" --meta agent={who}',
                )
                for who, focus in ((MANAGER, "manager"), (ONE, "parser"), (TWO, "parser"))
            ),
            Step(
                MANAGER,
                f"{BUS}.bus_watch --task manager-report --limit 20",
                says=(f"{MANAGER} online", f"{ONE} online", f"{TWO} online"),
            ),
            Step(
                ONE,
                f'{BUS}.bus_message --agent {TWO} --task manager-report --type status --summary "it is me"',
                exit=3,
                says=(f"the manifest here is {ONE}'s",),
            ),
        ],
    )
    return [ready, announced]


def one_task_for_two() -> list[Scene]:
    """Two processes ask for one task at the same moment; the two seats then talk."""
    return [
        Scene(
            "Both agents grab the same task at the same moment",
            [
                Race((ONE, TWO), f"{BUS}.bus_claim claim --task {TASK}", 4, (f"{TASK} is held by {{winner}}", "hint:")),
                Step(MANAGER, f"{BUS}.bus_claim list", says=("{winner}", "active")),
            ],
        ),
        Scene(
            "They talk in the task's thread",
            [
                Step(
                    "{loser}",
                    f"{BUS}.bus_message --task {TASK} --type request --target {{winner}} "
                    '--summary "may I take the tests?"',
                ),
                Step("{winner}", f"{BUS}.bus_inbox", says=("may I take the tests?", "{loser}")),
                Step(
                    "{winner}",
                    f'{BUS}.bus_ping --task {TASK} --message-task {TASK} --summary "working; tests are yours"',
                ),
                Step(
                    "{loser}",
                    f"{BUS}.bus_watch --task {TASK}",
                    says=("may I take the tests?", "{winner}: working; tests are yours"),
                ),
            ],
        ),
    ]


def a_crash() -> list[Scene]:
    """The playbook's recovery: pause with notes, then claim."""
    return [
        Scene(
            "The holder crashes and says no more; the other pauses the claim and takes over with a note",
            [
                Step(
                    "{loser}",
                    f'{BUS}.bus_claim pause --task {TASK} --notes "no answer"',
                    exit=4,
                    says=("held by {winner}", "last sign of life"),
                ),
                # the default is four hours of silence; a shorter one leaves evidence
                Step(
                    "{loser}",
                    f'{BUS}.bus_claim pause --task {TASK} --notes "{{winner}} is gone; its branch is sound" '
                    '--stale-after 0m --reason "a demonstration cannot wait"',
                    says=("paused",),
                ),
                Step(
                    "{loser}",
                    f'{BUS}.bus_claim claim --task {TASK} --notes "goes on from the branch of {{winner}}"',
                    says=("fence 2",),
                ),
                Step("{loser}", f"{BUS}.bus_claim show --task {TASK}", says=("taken from: {winner}",)),
                Step(
                    "{winner}",
                    f"{BUS}.bus_event log --event complete --task {TASK}",
                    exit=3,
                    says=("held by {loser}",),
                ),
            ],
        )
    ]


def the_end() -> list[Scene]:
    """The work is given back, and git has touched nothing of the bus."""
    return [
        Scene(
            "The work is released, and the board shows it",
            [
                Step("{loser}", f"{BUS}.bus_claim release --task {TASK} --status done", says=("gave back",)),
                Step(
                    "{winner}", f"{BUS}.bus_claim claim --task {TASK}", exit=4, says=("is done", "{loser} finished it")
                ),
                Step(MANAGER, "git clean -xfdq -e AGENT_MANIFEST.json"),
                Step(MANAGER, f"{BUS}.bus_status --preset manager", says=("0 live, 1 finished", TASK)),
            ],
        )
    ]


@cli.command(doc=__doc__)
@cli.option("--keep", is_flag=True, help="Leave the scratch folder and say where it is.")
def main(run: cli.Run, keep: bool) -> None:
    top = tempfile.mkdtemp(prefix="teof-demo-")
    try:
        deviations = play(run, top, scenes())
    finally:
        if keep:
            run.note(f"kept: {top}")
        else:
            shutil.rmtree(top, ignore_errors=True)
    if deviations:
        run.finish(1)


def play(run: cli.Run, top: str, what: Iterable[Scene]) -> list[str]:
    """Plays scenes to the audience; ends after the scene in which something deviated, and returns what."""
    stage = Stage(top)
    count = 0
    for number, scene in enumerate(what, 1):
        if not run.as_json:
            _tell(run, f"\n== {number}. {scene.title} ==")
        deviations = []
        for played in stage.play(scene):
            count += 1
            _show(run, scene, played)
            deviations += [f"{played.step.who} $ {played.step.command}: {what}" for what in played.deviations]
        if deviations:
            run.warn(f"deviates: {deviation}" for deviation in deviations)
            if run.as_json:
                run.emit_line({"commands": count, "deviations": deviations}, "")
            return deviations
    _tell(run, f"\n{count} commands, all as expected", {"commands": count, "deviations": []})
    return []


def _show(run: cli.Run, scene: Scene, played: Played) -> None:
    step = played.step
    if run.as_json:
        facts = {"scene": scene.title, "who": step.who, "command": step.command, "exit": played.exit}
        run.emit_line({**facts, "output": played.output, "deviations": played.deviations}, "")
        return
    _tell(run, f"\n{step.who} $ {step.command}")
    for line in played.output.splitlines():
        _tell(run, f"    {line}")
    if played.exit:
        _tell(run, f"    [exit {played.exit}]")


def _tell(run: cli.Run, text: str, document: dict[str, object] | None = None) -> None:
    for line in text.split("\n"):
        if line or not run.as_json:
            run.emit_line(document or {}, line)


if __name__ == "__main__":
    cli.main(main)
