"""The demonstration's work: the manager's day, and a plan carried from its first line to its reflection."""

from __future__ import annotations

from tools.core.demo.player import Scene, Step, Writes
from tools.core.demo.scenes_session import AGENT, DECISION, DRAFT, MANAGER, ONE, TWO

PLANNER = "python -m tools.planner.cli"
THREAD = "BUS-COORD-0001"
BRANCH = f"agent/{TWO}/queue-004"

PARSER = """\
def parse(text):
    for number, line in enumerate(text.splitlines(), 1):
        if ":" not in line:
            raise ValueError(f"line {number}: no colon")

try:
    parse("a: 1\\nb")
except ValueError as problem:
    assert str(problem) == "line 2: no colon", problem
    print("the line is named:", problem)
"""


def the_managers_day() -> list[Scene]:
    """Steps 2 to 6 and 11 of the playbook, while the board goes from red to green."""
    return [_drafts(), _hands_out(), _red(), _works_off(), _green()]


def _drafts() -> Scene:
    return Scene(
        "The manager drafts a plan for the next task",
        [
            Step(
                MANAGER,
                f'{PLANNER} new parser-errors --summary "Name the line in every error" --actor {TWO} --scaffold'
                f" --owner {MANAGER} --queue-ref QUEUE-004 --step S1:Parser --step S2:Review",
                says=("new",),
                keeps=("plan", r"(\d{4}-\d\d-\d\d-parser-errors)"),
            ),
            Step(
                MANAGER, f"{PLANNER} status {{plan}} in_progress", keeps=("today", r"(\d{4}-\d\d-\d\d)-parser-errors")
            ),
            Step(MANAGER, "git add -A"),
            Step(MANAGER, "git commit -qm 'Plan the errors'"),
            Step(MANAGER, "git push -q origin main"),
        ],
        "A plan says the steps and who judges the end; its folder for evidence is ready before the first commit.",
    )


def _hands_out() -> Scene:
    return Scene(
        "The manager assigns, seeds a handoff and points to a directive",
        [
            Step(MANAGER, f"{AGENT}.task_assign --task QUEUE-002 --engineer {ONE}", says=(ONE, "QUEUE-002")),
            Step(ONE, f"{AGENT}.bus_inbox", says=("QUEUE-002",)),
            Step(
                ONE,
                f'{AGENT}.bus_event log --event status --task QUEUE-002 --summary "{ONE} has read the assignment"',
            ),
            Step(
                MANAGER,
                f'{AGENT}.claim_seed --task QUEUE-003 --agent {ONE} --notes "waits for the notes"',
                says=("paused",),
            ),
            Step(
                MANAGER,
                f'{AGENT}.directive_pointer --task {THREAD} --summary "Rebase on main before a pull request"',
                says=(THREAD,),
            ),
            Step(TWO, f"{AGENT}.bus_watch --task manager-report --limit 3", says=(THREAD,)),
        ],
        "Each is whole or not at all: the assignment comes with its claim, the directive with its pointer on the hub.",
    )


def _red() -> Scene:
    return Scene(
        "The board is red, and says what to do",
        [
            Step(
                MANAGER,
                f"{AGENT}.coord_dashboard report --fail-on-alert",
                exit=1,
                says=(
                    "RED: 2 alerts",
                    f"{TWO} found 1 uncommitted change of {ONE}",
                    f"coord_dashboard clear --agent {ONE}",
                    "is in progress and nobody holds a claim on it",
                    "bus_claim claim --task QUEUE-004",
                ),
            ),
        ],
        "Every alert says who, since when, and the command that clears it.",
    )


def _works_off() -> Scene:
    return Scene(
        "The alerts are worked off: the owner settles the dirty tree, an idle agent picks up the task",
        [
            Step(DRAFT, "git add notes.md"),
            Step(DRAFT, "git commit -qm 'Keep the thought'"),
            Step(ONE, f'{AGENT}.coord_dashboard clear --agent {ONE} --note "committed"', says=("cleared",)),
            Step(
                MANAGER,
                f"{AGENT}.coord_dashboard report --fail-on-alert",
                exit=1,
                says=("RED: 1 alert.", "is in progress and nobody holds a claim on it"),
                shows=3,
            ),
            Step(TWO, "git merge -q --ff-only main"),
            Step(TWO, f"{AGENT}.idle_pickup list", says=("QUEUE-004", "{plan}")),
            Step(TWO, f"{AGENT}.idle_pickup next", says=(f"{TWO} holds QUEUE-004", "plan {plan}")),
        ],
        "What is ready is offered best first, with its plan; two who ask at once get different tasks.",
    )


def _green() -> Scene:
    return Scene(
        "The manager checks the hearts, reports, and the board is green",
        [
            Step(MANAGER, f"{AGENT}.bus_heartbeat --manager-window 30 --dry-run", says=("0 alerts",)),
            Step(
                MANAGER,
                f"{AGENT}.manager_report --log-heartbeat --heartbeat-shift mid",
                says=("GREEN", "_report/manager/manager-report-"),
            ),
            Step(MANAGER, f"{AGENT}.bus_status --preset manager", says=("shift=mid",), shows=4),
            Step(MANAGER, f"{AGENT}.coord_dashboard report --fail-on-alert", says=("GREEN",), shows=3),
        ],
        "A heartbeat carries its metadata (shift=mid) to the status and to the board.",
    )


def a_plan_carried_through() -> list[Scene]:
    """Steps 7 to 13 of the playbook, preflight red and green, and a decision."""
    return [_proved(), _preflight_red(), _preflight_green(), _decided(), _released()]


def _proved() -> Scene:
    return Scene(
        "codex-2 does the first step and proves it by running it",
        [
            Step(TWO, f"git switch -qc {BRANCH}"),
            Step(TWO, f"{PLANNER} step set {{plan}} S1 --status in_progress"),
            Writes(TWO, "parser.py", PARSER),
            Step(TWO, "git add parser.py"),
            Step(TWO, "git commit -qm 'Name the line in every error'"),
            Step(
                TWO,
                f"{AGENT}.receipt_run --plan {{plan}} --step S1 --name parser -- python3 parser.py",
                says=("the line is named", "cited by {plan} step S1"),
                keeps=("proof", r"-> (_report/\S+\.json)"),
            ),
            Step(TWO, f"{PLANNER} step set {{plan}} S1 --status done"),
            Step(TWO, f"{AGENT}.receipt_run verify {{proof}}", says=("verified",)),
        ],
        "The receipt holds the command, how it ended, the commit and the hash of what it said.",
    )


def _preflight_red() -> Scene:
    return Scene(
        "The second step is called done without evidence, and preflight says so",
        [
            Step(TWO, f"{PLANNER} step set {{plan}} S2 --status done"),
            Step(
                TWO,
                "tools/agent/preflight.sh",
                exit=1,
                says=("a done step that cites no receipt",),
            ),
        ],
        "CI runs the same; every finding comes in one go, each with the command that helps.",
    )


def _preflight_green() -> Scene:
    review = f"_report/agent/{TWO}/{{plan}}/review.md"
    return Scene(
        "The review is written down and cited, the checkpoint is met, and preflight is green",
        [
            Writes(TWO, review, "# Review\n\nRead by manager-1: the errors name their line.\n"),
            Step(TWO, f"git add {review}"),
            Step(TWO, f"{PLANNER} attach-receipt {{plan}} S2 --file {review}"),
            Step(TWO, f"{PLANNER} attach-receipt {{plan}} --file {{proof}}"),
            Step(TWO, f"{PLANNER} checkpoint {{plan}} --status satisfied"),
            Step(TWO, f"{PLANNER} status {{plan}} done"),
            Step(TWO, f"{PLANNER} show {{plan}}", says=("verified", "unverified"), shows=9),
            Step(TWO, "git add -A"),
            Step(TWO, "git commit -qm 'Carry out the plan'"),
            Step(TWO, "tools/agent/preflight.sh", says=("plans: ok", "bus: ok", "seat: ok")),
            Step(TWO, f"{AGENT}.push_ready --require-receipt {{proof}}", says=('"ready": true',), shows=1),
            Step(TWO, f"git push -qu origin {BRANCH}"),
        ],
        "Evidence that was made by running something is told apart from evidence that is only asserted.",
    )


def _decided() -> Scene:
    dashboard = "python -m tools.consensus.dashboard --format table"
    return Scene(
        "A decision that the backlog asks for is overdue until it is proposed, and closed with its evidence",
        [
            Step(MANAGER, f"{dashboard} --fail-on-overdue", exit=1, says=(DECISION, "no receipts")),
            Step(
                TWO,
                f"{AGENT}.bus_event log --event proposal --task QUEUE-004 --consensus-decision {DECISION}"
                ' --summary "errors name their line"',
            ),
            Step(MANAGER, dashboard, says=(DECISION, "open")),
            Step(
                TWO,
                f"python -m tools.consensus.receipts --decision {DECISION} --event consensus --receipt {{proof}}"
                ' --summary "agreed by all"',
                says=("_report/consensus/",),
                keeps=("agreement", r"-> (_report/consensus/\S+)"),
            ),
            Step(
                TWO,
                f"{AGENT}.bus_event log --event consensus --task QUEUE-004 --extra decision_id={DECISION}"
                ' --receipt {agreement} --summary "agreed by all"',
            ),
            Step(MANAGER, dashboard, says=(DECISION, "decided")),
        ],
        "A decision without a receipt, or untouched for a day, stands out on this board and on the manager's.",
    )


def _released() -> Scene:
    return Scene(
        "The claims are released, a reflection is kept, and the backlog follows",
        [
            Step(TWO, f"{AGENT}.bus_claim release --task QUEUE-004 --status done", says=("gave back",)),
            Writes(TWO, f"_report/agent/{TWO}/reflections/{{today}}.md", "Worked: the receipts. Stalled: nothing.\n"),
            Step(TWO, "git add -A"),
            Step(TWO, "git commit -qm 'Reflect'"),
            Step(MANAGER, f"git merge -q --ff-only {BRANCH}"),
            Step(ONE, f"{AGENT}.bus_claim release --task QUEUE-002 --status done", says=("gave back",)),
            Step(MANAGER, f"{AGENT}.task_sync", says=("QUEUE-004", "done"), shows=4),
            Step(MANAGER, "git add -A"),
            Step(MANAGER, "git commit -qm 'Bring the backlog in line'"),
            Step(MANAGER, "git push -q origin main"),
            Step(MANAGER, f"{AGENT}.bus_sync --push", shows=2),
        ],
        "The status lines of the backlog are written from the claims, and the bus goes to the remote.",
    )
