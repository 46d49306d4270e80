"""A made-up repository with five days of work in it: one manager, eight agents, sixty tasks.

`build(root, now)` writes it as the commands would have, every stamp relative to `now`, so that
boards of it look alike whenever they are made. It holds one of each thing a board can show.
"""

from __future__ import annotations

import hashlib
import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tools.core import clock, ids

MANAGER = "manager-1"
TITLES = """Timetable: night ferries|Fares: family ticket|Bookings: hold a seat for ten minutes|Crew roster export
Harbour map in the app|Boarding passes as wallet cards|Refunds: partial|Weather warnings by text message
Fares: season tickets|Search: nearest pier|Timetable: winter season|Accessibility: deck plans read aloud
Payments: retry a declined card|Bookings: change of date|Fares: round to five cents|Freight manifests as CSV
Deck photos: smaller files|Deck photos: load when seen|Fuel readings: import|Crew roster: swap two shifts
Timetable cache|Ticket scanner: works offline|Search: synonyms of piers|Search: spelling
Pier signs: contrast|Bookings: group of twenty|Fares: edit many at once|Passenger lists: who may read them
Passenger lists as CSV|Loyalty points: expiry|Make the slow test suite fast|Fares: discount codes
Database 17 in staging|Loyalty points: dead code|Fares: stacking of discounts|Weather: second provider
Mail templates in one style|Bookings: confirmation page|Order of past trips|Freight: weight limits
Forget a passenger on request|Payments: three-step cards|Crew roster: holidays|Alert when a pump runs hot
Guide: run everything locally|Guide: test payments|Feature flags: typed|Feature flags: report of old ones
Address lookup at checkout|Payments: receipts as PDF|Payments: match the bank's file|Scanner: battery warning
Ferry colours by line|Dark mode of the timetable|App: smaller answers|App: answers that can be cached
Boarding: queue length|Boarding: wheelchair ramp times|Radio log: search|Handbook: when a payment is lost""".replace(
    "\n", "|"
).split("|")

WORK: dict[str, list[tuple[int, float, float, str]]] = {
    "claude-1": [
        (4, 120, 95, "done"),
        (12, 94, 79, "done"),
        (25, 78, 66, "done"),
        (38, 66, 42, "done"),
        (59, 41, 26, "done"),
        (53, 25.5, 13, "done"),
        (33, 8.2, 0, ""),
    ],
    "claude-2": [
        (11, 119, 98, "done"),
        (6, 97, 78, "done"),
        (30, 77, 31, "done"),
        (34, 30, 8, "done"),
        (35, 6.3, 0, ""),
    ],
    "claude-3": [
        (15, 119, 97, "done"),
        (10, 96, 78, "done"),
        (19, 77, 71, "taken"),
        (43, 57, 27, "done"),
        (37, 25, 0, ""),
    ],
    "codex-1": [
        (1, 120, 112, "done"),
        (42, 111, 100, "done"),
        (57, 99, 85, "done"),
        (16, 84, 77, "done"),
        (32, 76, 52, "done"),
        (50, 52, 36, "done"),
        (7, 36, 24.5, "done"),
        (51, 7.7, 0, ""),
    ],
    "codex-2": [
        (2, 120, 101, "done"),
        (8, 100, 81, "done"),
        (21, 81, 45, "done"),
        (19, 71, 68, "done"),
        (22, 44, 26, "done"),
        (45, 23.9, 0, ""),
    ],
    "codex-3": [
        (3, 120, 100, "done"),
        (5, 99, 69, "done"),
        (9, 68, 31, "done"),
        (52, 30.8, 29, "released"),
        (17, 28, 8.5, "done"),
        (27, 8.1, 0, ""),
    ],
    "gemini-1": [
        (20, 119, 97, "done"),
        (13, 96, 77, "done"),
        (14, 77, 55, "done"),
        (47, 54, 23, "done"),
        (56, 22.8, 3, "done"),
        (18, 2.4, 0, ""),
    ],
    "gemini-2": [(28, 119, 93, "done"), (40, 92, 47, "done"), (55, 46, 24.2, "done"), (31, 23.4, 0, "")],
}
"""Who held which task from how many hours ago to how many, and how it ended."""

SILENT_SINCE = 17.1
_PHRASES = [
    "read the callers",
    "made the change smaller",
    "green here",
    "rebased on main",
    "worked in the review",
    "waits for the slow tests",
    "the edge case of an empty trip is covered",
    "found a second caller in the scanner",
    "measured before and after",
    "the suite passes; tidying up",
    "wrote the page in the guide",
]
_ASKED: list[tuple[str, str, int | str, float, str]] = [
    ("claude-2", MANAGER, 15, 54.1, "the bank rounds down and we round half up: which of the two is right for 3 of 212 trips?"),
    ("gemini-1", "gemini-2", 17, 32.1, "can you free the photo runner? my job has waited for 40 minutes"),
    ("codex-3", MANAGER, 28, 22.4, "the mates can read e-mail addresses of passengers: wanted, or a leak?"),
    ("claude-1", MANAGER, 33, 6.1, "may I have staging at 17:45 instead of 18:00?"),
    ("codex-2", "claude-3", 41, 2.6, "does forgetting reach the search index at once, or is a day later early enough?"),
    ("claude-1", MANAGER, 33, 1.3, "please look at the migration before tonight"),
    ("codex-1", MANAGER, 51, 1.3, "the file of the 24th has one line twice; skip the line or fail the run?"),
    ("claude-1", "codex-2", 33, 1.0, "I need the rule for rounding before I go on"),
    ("claude-3", MANAGER, ids.HUB, 0.97, "<b onmouseover=alert(1)>bold</b> [link](javascript:alert(2)) \u202efdp.exe `id` 😀 is this shown as text?"),
    ("codex-3", MANAGER, 27, 0.8, "may the answer to the app change its form?"),
]  # fmt: skip
_DIRECTIVES = [
    (112, "No deploys between noon and two", True),
    (77, "Each payment change carries a scan of a test receipt", True),
    (50, "Leave fares alone until the office has signed the figures", True),
    (25.1, "Staging is ours on Thursday from six: nobody deploys after half past five", False),
    (4.8, "Say how long the hot path takes, before and after", False),
]


class History:
    """Records in the order they are written, with hashes and ids as the store makes them."""

    def __init__(self, root: Path, now: datetime) -> None:
        self.root, self.now = root, now
        self.chance = random.Random(20)
        self._records: list[tuple[datetime, int, str, dict[str, Any]]] = []
        self.claims: dict[int, dict[str, Any]] = {}

    def ago(self, hours: float) -> datetime:
        """A moment, whole seconds."""
        return (self.now - timedelta(hours=hours)).replace(microsecond=0)

    def add(self, stream: str, hours: float, **fields: Any) -> str:
        """One record of a stream, so many hours ago; its id."""
        at = self.ago(hours)
        number = len(self._records)
        value = int(at.timestamp() * 1000) << 80 | (number + 1) * 0x9E3779B97F4A7C15 & ((1 << 80) - 1)
        name = "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[value >> shift & 31] for shift in range(125, -1, -5))
        self._records.append((at, number, stream, {"id": name, "ts": clock.to_text(at), **fields}))
        return name

    def event(self, hours: float, agent: str, kind: str, summary: str, **fields: Any) -> str:
        """One event."""
        return self.add("events/events", hours, agent_id=agent, event=kind, summary=summary, **fields)

    def say(self, thread: str, hours: float, sender: str, kind: str, summary: str, **fields: Any) -> str:
        """One message."""
        return self.add(
            f"messages/{thread}", hours, **{"from": sender}, type=kind, task_id=thread, summary=summary, **fields
        )

    def write(self) -> None:
        """All streams, oldest record first."""
        logs: dict[str, list[bytes]] = {}
        for _, _, stream, record in sorted(self._records, key=lambda row: row[:2]):
            lines = logs.setdefault(stream, [])
            if lines:
                record["prev"] = hashlib.sha256(lines[-1]).hexdigest()[:16]
            lines.append(json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
        for stream, lines in logs.items():
            put(self.root / f"_bus/{stream}.jsonl", b"\n".join(lines) + b"\n")


def put(path: Path, data: bytes | str | dict[str, Any]) -> None:
    """A file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(data, dict):
        data = json.dumps(data, indent=2, sort_keys=True) + "\n"
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def task_id(number: int | str) -> str:
    """The id of a task by its number; a thread's name is its own."""
    return f"QUEUE-{number:03d}" if isinstance(number, int) else number


def build(root: Path, now: datetime) -> None:
    """Writes the repository into a folder; git is not needed to look at it."""
    history = History(root, now)
    put(root / "AGENT_MANIFEST.json", {"agent_id": MANAGER, "desired_roles": ["manager"], "branch_prefix": "agent/m/"})
    _backlog(root)
    _work(history)
    _talk(history)
    _plans(history)
    _decisions(history)
    _dirty_trees(history)
    history.write()
    for number, claim in history.claims.items():
        put(root / f"_bus/claims/{task_id(number)}.json", claim)


def _backlog(root: Path) -> None:
    done = {number for spans in WORK.values() for number, _, _, ending in spans if ending == "done"}
    for number, title in enumerate(TITLES, 1):
        priority = "high" if number in (15, 31, 33, 41) else "medium" if number in (44, 60, 27, 51) else "low"
        depends = "\nDepends: QUEUE-041" if number in (36, 58) else ""
        status = "done" if number in done else "open"
        slug = ids.slug(title)
        text = (
            f"# Task: {title}\n\nStatus: {status}\nPriority: {priority}{depends}\nGoal: {title}; measured and tested.\n"
        )
        put(root / f"queue/{number:03d}-{slug}.md", text)


def _work(history: History) -> None:
    for agent, spans in WORK.items():
        history.event(120.5, agent, "handshake", f"{agent} is here", meta={"focus": "engineer", "roles": "engineer"})
        for number, begin, end, ending in spans:
            _hold(history, agent, number, begin, end, ending)
    history.event(120.6, MANAGER, "handshake", "manager-1 watches", meta={"focus": "manager", "roles": "manager"})
    for hours in range(120, 0, -1):
        if 8 <= history.ago(hours).hour <= 19:
            history.event(
                hours - 0.23, MANAGER, "status", history.chance.choice(["watching", "answered two", "no surprises"])
            )


def _hold(history: History, agent: str, number: int, begin: float, end: float, ending: str) -> None:
    task, fence = task_id(number), 2 if (number, agent) == (19, "codex-2") else 1
    claim = {
        "task_id": task,
        "agent_id": agent,
        "branch": ids.default_branch(agent, task),
        "status": "active",
        "claimed_at": clock.to_text(history.ago(begin)),
        "fence": fence,
    }
    if paths := {31: "tests/**", 33: "ops/db/**", 35: "src/fares/**", 27: "src/fares/rules.py", 51: "src/bank/**"}.get(
        number
    ):
        claim["paths"] = [paths]
    if fence == 2:
        reason = "its session had ended"
        claim["taken_from"] = {"agent_id": "claude-3", "at": claim["claimed_at"], "reason": reason}
        history.event(
            begin, agent, "takeover", f"{agent} took over {task} from claude-3: {reason}", task_id=task, claim=claim
        )
    else:
        history.event(begin, agent, "claim", f"{agent} claimed {task}", task_id=task, claim=dict(claim))
    _signs(history, agent, task, begin, max(end, SILENT_SINCE if number == 31 else 0.75))
    if number == 31:
        history.event(SILENT_SINCE, agent, "status", f"{agent} waits for the slow tests", task_id=task)
    if ending in ("done", "released"):
        claim = {**claim, "status": ending, "released_at": clock.to_text(history.ago(end)), "notes": "as agreed"}
        history.event(
            end, agent, "release", f"{agent} released {task} ({ending}): as agreed", task_id=task, claim=claim
        )
    if ending != "taken":
        history.claims[number] = claim


def _signs(history: History, agent: str, task: str, begin: float, end: float) -> None:
    """Notes by day, and few by night."""
    hours = begin - 0.3
    while hours > end:
        by_day = 7 <= history.ago(hours).hour <= 20
        phrase = history.chance.choice(_PHRASES)
        if history.chance.random() < 0.6:
            history.event(hours, agent, "status", f"{agent} {phrase}", task_id=task)
        else:
            history.say(task, hours, agent, "status", phrase)
        hours -= history.chance.uniform(0.15, 0.9) if by_day else history.chance.uniform(2, 9)


def _talk(history: History) -> None:
    for number in range(3, 40, 3):
        hours = 118 - number * 2.9
        asked = history.say(
            task_id(number), hours, "codex-1", "request", f"may I change {TITLES[number].lower()} as well?"
        )
        history.say(
            task_id(number), hours - 0.4, MANAGER, "status", "not today: finish the other first", reply_to=asked
        )
    for sender, to, thread, hours, question in _ASKED:
        history.say(task_id(thread), hours, sender, "request", question, to=to)
    for number, (hours, text, is_answered) in enumerate(_DIRECTIVES, 1):
        thread = f"BUS-COORD-{number:04d}"
        said = history.say(thread, hours, MANAGER, "directive", text)
        history.say(ids.HUB, hours, MANAGER, "status", f"Directive {thread}: {text}", meta={"directive": thread})
        if is_answered:
            history.say(thread, hours - 1, "codex-1", "status", "seen", reply_to=said)


def _plans(history: History) -> None:
    held = [(45, "in_progress", 4, 4), (31, "queued", 0, 3)]
    for number, status, done, steps in held:
        _plan(history, TITLES[number - 1], 24, "codex-2" if number == 45 else "gemini-2", status, done, steps, number)
    _plan(history, "Rehearse the loss of the payment service", 49, "gemini-1", "in_progress", 0, 3)
    _plan(history, "Heartbeats: a hook for busy agents", 49, "codex-3", "in_progress", 1, 3)
    _plan(history, "Show the discount in the basket", 49, "claude-2", "blocked", 0, 3)
    for number in (4, 12, 25, 38, 59, 53, 11, 6, 30, 34, 15, 10, 43, 1, 42, 57, 16, 32, 50, 7):
        _plan(history, TITLES[number - 1], 90, "claude-1", "done", 2, 2, number)


def _plan(
    history: History, summary: str, hours: float, actor: str, status: str, done: int, steps: int, number: int = 0
) -> None:
    created = history.ago(hours)
    plan_id = f"{created:%Y-%m-%d}-{ids.slug(summary, 40)}"
    titles = ["Agree on the form", "Build it", "Measure it", "Write it down"]
    plan: dict[str, Any] = {
        "version": 0,
        "plan_id": plan_id,
        "created": clock.to_text(created),
        "actor": actor,
        "summary": summary,
        "status": status,
        "steps": [
            {"id": f"S{step}", "title": titles[step % 4], "status": "done" if step < done else "queued", "receipts": []}
            for step in range(steps)
        ],
        "checkpoint": {
            "description": "it is in use",
            "owner": MANAGER,
            "status": "satisfied" if status == "done" else "pending",
        },
    }
    if number == 45:
        for step, part in enumerate(plan["steps"]):
            part["receipts"] = [_run(history, actor, f"check-{step}", 20 - step, is_changed=step == 3)]
        history.claims[45]["plan_id"] = plan_id
    if number == 31:
        history.claims[31]["plan_id"] = plan_id
    if number:
        plan["links"] = [{"type": "task", "ref": task_id(number)}]
    put(history.root / f"_plans/{plan_id}.plan.json", plan)


def _run(history: History, agent: str, name: str, hours: float, *, is_changed: bool) -> str:
    """Evidence of a run; where it is changed the log is no longer what was printed."""
    stem = f"_report/runner/{agent}/{clock.file_stamp(history.ago(hours))}-{name}"
    output = b"12 passed\n"
    receipt = {
        "command": ["make", "check"],
        "exit_status": 0,
        "started_at": clock.to_text(history.ago(hours)),
        "duration_seconds": 3.2,
        "output_sha256": hashlib.sha256(output).hexdigest(),
        "output_bytes": len(output),
        "dirty": False,
        "agent_id": agent,
        "task_id": "QUEUE-045",
    }
    put(history.root / f"{stem}.json", receipt)
    put(history.root / f"{stem}.log", output + (b"edited\n" if is_changed else b""))
    return f"{stem}.json"


def _decisions(history: History) -> None:
    for name, hours, agent in (
        ("ADR-014-rounding", 52, "codex-2"),
        ("ADR-015-database-window", 31, "claude-1"),
        ("ADR-016-flags", 2.2, "codex-3"),
    ):
        receipt = f"_report/agent/{agent}/{name}.md"
        put(history.root / receipt, f"# {name}\n\nWhat speaks for it.\n")
        history.event(hours, agent, "proposal", f"{name}: proposed", meta={"decision_id": name}, receipts=[receipt])
    for name, hours in (("ADR-011-queue", 90), ("ADR-012-mail", 70), ("ADR-013-logs", 60)):
        history.event(hours, "codex-1", "proposal", f"{name}: proposed", meta={"decision_id": name})
        history.event(hours - 5, MANAGER, "consensus", f"{name}: agreed", meta={"decision_id": name})


def _dirty_trees(history: History) -> None:
    for finder, owner, hours in (("claude-2", "codex-3", 7.95), ("codex-1", "gemini-2", 3.3)):
        at = history.ago(hours)
        head = f"# dirty handoff\n# agent={finder}\n# owner={owner}\n# captured_at={clock.to_text(at)}\n"
        text = f"{head}# branch=agent/{owner}/work\n# commit=abc\n\n M src/fares/rules.py\n?? notes.txt\n"
        put(history.root / f"_report/session/{finder}/dirty-handoff/dirty-{clock.file_stamp(at)}.txt", text)
