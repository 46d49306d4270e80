"""The demonstration's sessions: made ready, booted and guarded, a clash and a crash, and the wrap."""

from __future__ import annotations

from tools.core.demo.player import Race, Scene, Step, Writes

MANAGER, ONE, TWO = "manager-1", "codex-1", "codex-2"
SEATS = ((MANAGER, "manager"), (ONE, "parser"), (TWO, "parser"))
DRAFT = "codex-1-draft"
"""A worktree in which codex-1 left uncommitted work."""

TASK = "QUEUE-001"
DECISION = "DECISION-1"
AGENT = "python -m tools.agent"

BACKLOG = (
    ("001-parser", "Parse the header", "high", ""),
    ("002-notes", "Write the release notes", "low", ""),
    ("003-release", "Cut the release", "medium", "Depends: QUEUE-002\n"),
    ("004-errors", "Name the line in every error", "high", f"Depends: QUEUE-001\nConsensus: {DECISION}\n"),
)


def beginnings() -> list[Scene]:
    """From nothing to three seats that share one bus, past every guard."""
    return [_ready(), _boots(), _guards(), _dirt()]


def _ready() -> Scene:
    items = [
        Writes(MANAGER, f"queue/{name}.md", f"# Task: {title}\nStatus: open\nPriority: {priority}\n{more}")
        for name, title, priority, more in BACKLOG
    ]
    return Scene(
        "A repository is made ready, with an origin and a worktree for each agent",
        [
            Step("scratch", "git init -q -b main manager-1"),
            Step(
                MANAGER, f"python -m tools init --agent {MANAGER} --role manager", says=("worktree of the branch bus",)
            ),
            Step(MANAGER, "python -m tools init", says=("nothing to do",)),
            *items,
            Step(MANAGER, "git add -A"),
            Step(MANAGER, "git commit -qm 'Make ready for several agents'"),
            Step(MANAGER, "git init -q --bare ../origin.git"),
            Step(MANAGER, "git remote add origin ../origin.git"),
            Step(MANAGER, "git push -qu origin main bus"),
            *(
                Step(MANAGER, f"git worktree add -q ../{folder} -b agent/{agent}/{slug}")
                for folder, agent, slug in ((ONE, ONE, "work"), (TWO, TWO, "work"), (DRAFT, ONE, "draft"))
            ),
        ],
        "The live bus has a branch and a worktree of its own, so that no switch or clean of the code touches it.",
    )


def _boots() -> Scene:
    return Scene(
        "All three seats boot and announce themselves",
        [
            *(
                Step(who, f"{AGENT}.session_boot --agent {who} --focus {focus}", says=(f"of {who}",), shows=4)
                for who, focus in SEATS
            ),
            Step(
                ONE,
                f'{AGENT}.bus_message --task manager-report --type status --summary "{ONE} online; focus=parser" '
                f"--meta agent={ONE}",
            ),
            Step(TWO, f"{AGENT}.bus_watch --task manager-report --limit 20", says=(f"{ONE} online",)),
        ],
        "A boot checks manifest and branch, brings the code forward, shakes hands and takes a snapshot of the board.",
    )


def _guards() -> Scene:
    return Scene(
        "Nobody speaks in another's name",
        [
            Step(ONE, f"{AGENT}.session_boot --agent {TWO}", exit=3, says=(f"the manifest here is {ONE}'s", "hint:")),
            Step(
                ONE,
                f'{AGENT}.bus_message --agent {TWO} --task manager-report --type status --summary "it is me"',
                exit=3,
                says=(f"the manifest here is {ONE}'s",),
            ),
        ],
        "The manifest in a folder says whose seat it is; a command that disagrees is refused with the way out.",
    )


def _dirt() -> Scene:
    boot = f"{AGENT}.session_boot --agent {TWO} --allow-branch-mismatch"
    return Scene(
        "codex-2 sits down where codex-1 left uncommitted work, on codex-1's branch",
        [
            Writes(DRAFT, "notes.md", "half a thought\n"),
            Step(DRAFT, f"{AGENT}.session_boot --agent {TWO}", exit=3, says=(f"is not one of agent/{TWO}/*", "hint:")),
            Step(
                DRAFT, boot, exit=3, says=(f"work in progress of {ONE}", "--sync-allow-dirty --allow-branch-mismatch")
            ),
            Step(DRAFT, f"{boot} --sync-allow-dirty", says=(f"1 path of {ONE}",), shows=4),
            Step(DRAFT, "git status --short", says=("?? notes.md",)),
        ],
        "The work is left as it is; a receipt and an event hand it to its owner, and every override is on record.",
    )


def one_task_for_two() -> list[Scene]:
    """Two processes ask for one task at the same moment; the seats talk; the winner crashes."""
    return [_clash(), _talk(), _crash(), _given_back()]


def _clash() -> Scene:
    return Scene(
        "Both agents grab the same task at the same moment",
        [
            Race((ONE, TWO), f"{AGENT}.bus_claim claim --task {TASK}", 4, (f"{TASK} is held by {{winner}}", "hint:")),
            Step(MANAGER, f"{AGENT}.bus_claim list", says=("{winner}", "active")),
        ],
        "One gets it; the other is told who holds it and since when.",
    )


def _talk() -> Scene:
    return Scene(
        "They talk in the task's thread",
        [
            Step(
                "{loser}",
                f"{AGENT}.bus_message --task {TASK} --type request --target {{winner}} "
                '--summary "may I take the tests?"',
            ),
            Step(
                "{winner}",
                f"{AGENT}.bus_inbox",
                says=("may I take the tests?", "{loser}"),
                keeps=("request", r"\b([0-9A-HJKMNP-TV-Z]{26})\b"),
            ),
            Step(
                "{winner}",
                f"{AGENT}.bus_message --task {TASK} --type status --reply-to {{request}} "
                '--summary "yes, the tests are yours"',
            ),
            Step(
                "{winner}",
                f'{AGENT}.bus_ping --task {TASK} --message-task {TASK} --summary "working"',
            ),
            Step(
                "{loser}",
                f"{AGENT}.bus_watch --task {TASK}",
                says=("may I take the tests?", "the tests are yours", "{winner}: working"),
            ),
        ],
        "A request stays open, in the inbox and on the board, until somebody answers it.",
    )


def _crash() -> Scene:
    pause = f"{AGENT}.bus_claim pause --task {TASK} --notes"
    return Scene(
        "The holder crashes; the other pauses the claim with a note and takes over",
        [
            Step("{loser}", f'{pause} "no answer"', exit=4, says=("held by {winner}", "last sign of life")),
            Step(
                "{loser}",
                f'{pause} "{{winner}} is gone" --stale-after 0m --reason "a demonstration cannot wait"',
                says=("paused",),
            ),
            Step(
                "{loser}",
                f'{AGENT}.bus_claim claim --task {TASK} --notes "goes on from the branch of {{winner}}"',
                says=("fence 2",),
            ),
            Step("{loser}", f"{AGENT}.bus_claim show --task {TASK}", says=("taken from: {winner}",)),
            Step(
                "{winner}",
                f"{AGENT}.bus_event log --event complete --task {TASK}",
                exit=3,
                says=("held by {loser}",),
            ),
        ],
        "Four hours of silence are the default; a shorter wait leaves evidence. The old holder cannot close the task.",
    )


def _given_back() -> Scene:
    return Scene(
        "The work is released, and git touches nothing of the bus",
        [
            Step("{loser}", f"{AGENT}.bus_claim release --task {TASK} --status done", says=("gave back",)),
            Step("{winner}", f"{AGENT}.bus_claim claim --task {TASK}", exit=4, says=("is done", "{loser} finished it")),
            Step(MANAGER, "git clean -xfdq -e AGENT_MANIFEST.json -e _report/session"),
            Step(MANAGER, f"{AGENT}.bus_status --preset manager", says=("0 live, 1 finished", TASK)),
        ],
        "Done work is not taken twice, and a clean of the checkout leaves every record where it was.",
    )


def ending() -> list[Scene]:
    """The wrap, and the board that is left."""
    return [
        Scene(
            "All sign off, and the board is green",
            [
                Step(
                    ONE, f"{AGENT}.manifest_helper session-save evening --heartbeat-meta shift=late", says=("evening",)
                ),
                *(
                    Step(
                        who, f'{AGENT}.session_boot --summary "session wrap" --focus idle', says=("handshake",), shows=1
                    )
                    for who in (ONE, TWO, MANAGER)
                ),
                Step(
                    MANAGER,
                    f"{AGENT}.coord_dashboard report --output - --fail-on-alert",
                    says=("GREEN",),
                    shows=100,
                ),
            ],
            "Who has signed off alarms nobody; what is still to be done stays on the board.",
        )
    ]
