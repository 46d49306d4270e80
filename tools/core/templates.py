"""The one-page maps and the lines that `init` puts into a repository; generate_docs writes the same maps here."""

from __future__ import annotations

from tools.core.workspace import BUS, MEMORY_LOG, PLANS, QUEUE, REPORT

IGNORED = (
    "/AGENT_MANIFEST.*.json",
    "/.manifest_sessions/",
    "/.manifest_backups/",
    f"{BUS}/.cache/",
    f"{BUS}/.journal*",
    f"{BUS}/.torn/",
    f"{REPORT}/agent/*/session_boot/",
    f"{REPORT}/manager/coordination-dashboard-*",
    f"{REPORT}/session/",
    f"{REPORT}/usage/",
    f"{REPORT}/planner/validate/",
    ".*.tmp",
)
"""What belongs to one checkout, or can be made again."""

IGNORED_BUS = f"/{BUS}/"
"""Keeps a bus that has a branch of its own out of the branches of code."""

ATTRIBUTES = (
    *(f"{paths} -text merge=union" for paths in (f"{BUS}/**/*.jsonl", f"{REPORT}/**/*.jsonl", MEMORY_LOG)),
    f"{REPORT}/runner/** -text",
)
"""Logs are merged by keeping the lines of both sides; line ends are never changed, nor those of hashed output."""

BUS_IGNORED = (".cache/", ".journal*", ".torn/", "*.tmp")
BUS_ATTRIBUTES = ("*.jsonl -text merge=union",)

_BUS_MAP = f"""\
# {BUS}/: the live bus

Who holds what, what happened, who said what. Only the commands write here; read what you like.

| path | holds | command |
| --- | --- | --- |
| `claims/<task>.json` | who holds a task | `bus_claim` |
| `events/events.jsonl` | what happened, one record a line | `bus_event` |
| `messages/<task>.jsonl` | a task's thread | `bus_message` |
| `messages/manager-report.jsonl` | the hub, where all meet | `bus_watch` |
| `messages/agent-<agent>.jsonl` | an agent's inbox | `bus_inbox` |
| `assignments/<task>.json` | for whom a task is reserved | |
| `.cache/` | an index that is built anew when it is missing | |
| `.torn/` | unfinished last lines that were set aside | |

A command is started as `teof bus_claim`, or as `python -m tools.agent.bus_claim`.

A line of a `.jsonl` is never changed or removed. This folder is also the lock of all writers: do not replace it while
agents are at work.
"""

_PLANS_MAP = f"""\
# {PLANS}/: what is going to be done, and why

| path | holds |
| --- | --- |
| `<yyyy-mm-dd>-<slug>.plan.json` | the steps, their status, the receipts that prove them |
| `<yyyy-mm-dd>-<slug>.justification.md` | why the work is worth doing |

A plan travels with the branch it belongs to. A claim names its plan; the plan's `links` may name the claim.
"""

_REPORT_MAP = f"""\
# {REPORT}/: evidence

Commands write here what they saw, and records cite it by path. Nothing is overwritten: a name that is taken gets `-2`.

| path | holds |
| --- | --- |
| `agent/<agent>/` | an agent's receipts, refusals (`errors.jsonl`) and overrides (`session_guard/warnings.jsonl`) |
| `manager/` | reports and snapshots of the board |
| `consensus/` | receipts of decisions |
| `runner/` | commands that were run, and how they ended |
| `session/`, `usage/`, `planner/validate/` | of this checkout only; ignored by git |
"""

_QUEUE_MAP = f"""\
# {QUEUE}/: the backlog

One file a task, `<digits>-<slug>.md`:

```
# Task: Say what the parser refuses
Id: QUEUE-001
Status: open
Priority: high
Depends: QUEUE-000
Paths: src/parser/**
Goal: one sentence
Acceptance:
- what must be true in the end
```

`Id` is `QUEUE-<digits>` where it is left out, `Status` is open, `Priority` medium. A task is ready when it is open,
neither claimed nor assigned, and everything it depends on is done. A deferred task waits until its status says open.
`Paths` are patterns of the files the work will touch: `next` claims the task with them, and others' edits there are refused.
"""

FOLDER_MAPS = {PLANS: _PLANS_MAP, REPORT: _REPORT_MAP, QUEUE: _QUEUE_MAP}
"""The README of each folder that travels with a branch."""

BUS_MAP = _BUS_MAP


def all_maps() -> dict[str, str]:
    """Every folder's README, the bus's included."""
    return {BUS: BUS_MAP, **FOLDER_MAPS}


def bus_files() -> dict[str, bytes]:
    """What the first commit of a bus holds, by path inside the bus."""
    return {
        ".gitattributes": _lines(BUS_ATTRIBUTES),
        ".gitignore": _lines(BUS_IGNORED),
        "README.md": BUS_MAP.encode(),
    }


def _lines(lines: tuple[str, ...]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
