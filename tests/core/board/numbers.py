"""Every number that a board's JSON gives rise to, by name, and the numbers read back from each view by the same names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.core.board.pages import Element
from tools.core import clock

WORDS = {"verified": "verified", "asserted": "unverified", "broken": "broken"}


def of_json(board: Mapping[str, Any], day: Mapping[str, Any]) -> dict[str, int]:
    """The numbers of `report --json`, and those of `digest --json` for the last 24 hours."""
    lists = (
        "alerts",
        "reminders",
        "requests",
        "claims",
        "ready",
        "decisions",
        "handoffs",
        "unclaimed_plans",
        "overlaps",
        "findings",
    )
    numbers = {name: len(board[name]) for name in (*lists, "active_plans", "automation")}
    plans = {row["plan_id"]: row for row in (*board["active_plans"], *board["unclaimed_plans"])}
    evidence = sum((Counter(row["evidence"]) for row in plans.values()), Counter())
    reader = board["reader"]
    questions = [row for row in board["requests"] if row["kind"] == "request"]
    mine = [row for row in questions if row["to"] in ("", reader) and row["sender"] != reader]
    seats = {row["agent_id"] for row in (*board["managers"], *board["agents"])}
    numbers |= {f"evidence {word}": evidence[word] for word in WORDS.values()}
    numbers |= {f"backlog {state}": count for state, count in board["backlog"].items()}
    numbers |= {f"finished {state}": count for state, count in board["finished_claims"].items()}
    numbers |= {f"plan {name} {part}": row[part] for name, row in plans.items() for part in ("steps_done", "steps")}
    numbers |= {f"changes {row['path']}": row["changes"] for row in board["handoffs"]}
    numbers |= {f"receipts {row['id']}": row["receipts"] for row in board["decisions"]}
    return numbers | {
        "for the reader": len(mine),
        "other reminders": sum(row["kind"] != "request_for_you" for row in board["reminders"]),
        "between others": len(questions) - len(mine),
        "unanswered directives": len(board["requests"]) - len(questions),
        "silent": sum(row["idle"] for row in board["claims"]),
        "paused": sum(row["state"] == "paused" for row in board["claims"]),
        "holders": len({row["agent_id"] for row in board["claims"]}),
        "high": sum(row["priority"] == "high" for row in board["ready"]),
        "waiting": board["backlog"].get("waiting", 0),
        "tasks": sum(board["backlog"].values()),
        "overdue": sum(bool(row["overdue"]) for row in board["decisions"]),
        "decided": board["decided"],
        "directives": len(board["directives"]) + board["older_directives"],
        "older directives": board["older_directives"],
        "quiet": board["quiet_agents"],
        "seats": len(seats) + board["quiet_agents"],
        "lanes": len(seats),
        "plans": len(plans),
        "verified per cent": round(100 * evidence["verified"] / evidence.total()) if evidence else 0,
        "finished in a day": len(day["done"]),
        "begun in a day": len(day["begun"]),
        "taken over in a day": len(day["taken_over"]),
        "done": board["finished_claims"].get("done", 0),
    }


def ages(board: Mapping[str, Any]) -> dict[str, str]:
    """The age of each row of the JSON at the moment of the board, as views write it."""
    now = clock.parse(board["generated_at"])
    moments = {f"claim {row['task_id']}": row["claimed_at"] for row in board["claims"]}
    moments |= {f"sign {row['task_id']}": row["last_sign"] for row in board["claims"]}
    moments |= {f"request {row['id']}": row["at"] for row in board["requests"] if row["id"]}
    moments |= {f"alert {number}": row["since"] for number, row in enumerate(board["alerts"], 1)}
    moments |= {f"decision {row['id']}": row["at"] for row in board["decisions"]}
    return {name: _age(clock.parse(at), now) for name, at in moments.items() if at}


def _age(at: datetime | None, now: datetime | None) -> str:
    assert at is not None and now is not None
    return clock.span(max(0.0, (now - at).total_seconds()))


def read(pattern: str, text: str, *names: str) -> dict[str, int]:
    """The numbers that a pattern catches in a text, by their names; all zero where it is not there."""
    match = re.search(pattern, text)
    return dict(zip(names, map(int, match.groups() if match else "0" * len(names)), strict=True))


def of_markdown(text: str) -> dict[str, int]:
    """The numbers of the Markdown board."""
    heads = {
        "Alerts": "alerts", "Waiting": "reminders", "Active Plans": "active_plans", "Unclaimed Plans": "unclaimed_plans", "Ready Queue": "ready",
        "Open Requests": "requests", "Dirty Handoffs": "handoffs", "Manager Directives": "directives",
        "Heartbeat automation in flight": "automation", "Findings": "findings",
    }  # fmt: skip
    numbers = {}
    for head, name in heads.items():
        numbers |= read(rf"(?m)^## {head} \((\d+)\)$", text, name)
    numbers |= read(r"(?m)^## Claims \((\d+) live\)$", text, "claims")
    numbers |= read(r"(?m)^## Consensus \((\d+) open", text, "decisions") | read(r", (\d+) decided\)", text, "decided")
    numbers |= read(r"open, (\d+) overdue", text, "overdue") | read(r"… (\d+) more agents", text, "quiet")
    numbers |= read(r"… (\d+) older", text, "older directives")
    numbers |= _states(r"(?m)^The rest of the backlog: (.*)\.$", text, "backlog")
    numbers |= _states(r"(?m)^Finished: (.*)\.$", text, "finished")
    for plan, done, steps in re.findall(r"(?m)^\| (\S+) +\|.*\| (\d+)/(\d+) +\|", text):
        numbers |= {f"plan {plan} steps_done": int(done), f"plan {plan} steps": int(steps)}
    return numbers


def of_text(text: str) -> dict[str, int]:
    """The numbers of the compact board."""
    heads = {
        "active plans": "active_plans", "claims": "claims", "overlaps": "overlaps", "unclaimed plans": "unclaimed_plans",
        "ready": "ready", "open requests": "requests", "dirty handoffs": "handoffs", "decisions": "decisions",
        "heartbeat automation in flight": "automation", "findings": "findings", "waiting": "reminders",
    }  # fmt: skip
    numbers = {}
    for head, name in heads.items():
        numbers |= read(rf"(?m)^{head}: (\d+)$", text, name)
    (line,) = re.findall(r"(?m)^\d+ live claims?.*$", text)
    words = {
        "live claim": "claims", "ready task": "ready", "unclaimed plan": "unclaimed_plans", "open request": "requests",
        "dirty handoff": "handoffs", "overdue decision": "overdue",
    }  # fmt: skip
    for word, name in words.items():
        (again,) = read(rf"(\d+) {word}", line, name).values()
        assert numbers.get(name, again) == again
        numbers[name] = again
    return numbers | _states(r"live claims? \((.*?)\)", line, "finished")


def _states(pattern: str, text: str, kind: str) -> dict[str, int]:
    match = re.search(pattern, text)
    parts = re.findall(r"(\d+) ([a-z ]+)", match[1] if match else "")
    return {f"{kind} {state.replace(' ', '_')}": int(count) for count, state in parts}


def of_page(top: Element) -> dict[str, int]:
    """The numbers of the page: marked ones, the bar, the head, the tiles, the heads of sections, the rows of plans."""
    numbers = {element.attributes["data-n"]: int(element.text) for element in top.with_attribute("data-n")}
    bar = dict(re.findall(r"(\w[\w ]*?) (\d+)", top.all("nav")[0].all("ul")[0].text))
    assert numbers["alerts"] == int(bar["Needs somebody"])
    numbers |= {"requests": int(bar["Waiting"]), "lanes": int(bar["Agents"]), "claims": int(bar["Work"])}
    numbers["decisions"] = int(bar["Evidence Decisions"])
    return numbers | _head(top.all(id="top")[0]) | _sections(top) | _plan_rows(top)


def _head(head: Element) -> dict[str, int]:
    text = head.text
    numbers = read(r"(\d+) tasks? held by (\d+) agents?", text, "claims", "holders")
    numbers |= read(r"(\d+) finished and (\d+) begun in the last 24 h", text, "finished in a day", "begun in a day")
    numbers |= read(r"· (\d+) taken over", text, "taken over in a day")
    (legend,) = head.all("ul", class_="legend")
    for count, state in re.findall(r"(\d+) ([a-z][a-z ]*?)(?= \d| of)", legend.text):
        numbers[f"backlog {'active' if state == 'held' else state.replace(' ', '_')}"] = int(count)
    numbers |= read(r"of (\d+) tasks?", legend.text, "tasks")
    tiles = [tile.text for tile in head.all("a", class_="tile")]
    numbers |= read(r"Waiting for an answer (\d+)", tiles[0], "requests") | read(
        r"(\d+) for ", tiles[0], "for the reader"
    )
    numbers |= read(r"Held now (\d+) (\d+) silent (\d+) paused", tiles[1], "claims", "silent", "paused")
    names = ("ready", "high", "waiting")
    numbers |= read(r"Ready to take (\d+) (\d+) of high priority (\d+) wait for others", tiles[2], *names)
    numbers |= read(r"plans (\d+) % verified", tiles[4], "verified per cent")
    numbers |= read(r"(\d+) broken (\d+) only asserted", tiles[4], "evidence broken", "evidence unverified")
    return numbers | read(r"open (\d+) (\d+) overdue (\d+) decided", tiles[5], "decisions", "overdue", "decided")


def _sections(top: Element) -> dict[str, int]:
    waiting = top.all(id="waiting")[0]
    heads = {head.text.rpartition(" ")[0]: int(head.text.rpartition(" ")[2]) for head in waiting.all("h3")}
    groups = {"Between others": "between others", "Directives without an answer": "unanswered directives"}
    numbers = {groups.get(name, "for the reader"): count for name, count in heads.items()}
    numbers |= read(r"Plans in hand (\d+) open", top.all(id="work")[0].text, "plans")
    numbers |= read(r"Ready to take (\d+) wait for others", top.all(id="ready")[0].text, "waiting")
    numbers |= _states(r"Held now (.*?) (?:Live|No task)", top.all(id="held")[0].text, "finished")
    evidence = top.all(id="evidence")[0]
    (sums,) = evidence.all("dl")
    for term, value in zip(sums.all("dt"), sums.all("dd"), strict=True):
        numbers[f"evidence {WORDS[term.text.partition(':')[0]]}"] = int(value.text)
    numbers |= read(r"Findings (\d+)", evidence.text, "findings")
    numbers |= read(r"(\d+) more seats?;", top.all(id="agents")[0].text, "quiet")
    return numbers | read(r"(\d+) older:", top.all(id="directives")[0].text, "older directives")


def _plan_rows(top: Element) -> dict[str, int]:
    numbers = {}
    for row in top.all("tr", data_k="plan"):
        name = row.attributes["id"].removeprefix("plan-")
        steps = row.all("td", data_l="Steps")[0].text
        numbers |= read(r"(\d+) of (\d+)", steps, f"plan {name} steps_done", f"plan {name} steps")
    for row in top.all("li", data_k="decision"):
        numbers |= read(r"· (\d+) receipts?", row.text, f"receipts {row.attributes['id'].removeprefix('decision-')}")
    return numbers


def ages_of_page(top: Element) -> dict[str, str]:
    """The ages that stand on a page, by row."""
    shown = {}
    for row in top.all("tr", data_k="claim"):
        task = row.attributes["id"].removeprefix("task-")
        shown[f"claim {task}"] = row.all("td", data_l="For")[0].text
        shown[f"sign {task}"] = row.all("td", data_l="Last sign")[0].text
    for row in [*top.all("li", data_k="request"), *top.all("li", data_k="alert"), *top.all("li", data_k="decision")]:
        for age in row.all("b", class_="age")[:1]:
            kind, _, name = row.attributes["id"].partition("-")
            shown[f"{kind} {name}"] = age.text
    return shown


def of_github(text: str) -> dict[str, int]:
    """The numbers of the view for GitHub."""
    line = text.splitlines()[1]
    names = ("claims", "ready", "requests", "done")
    numbers = read(r"^(\d+) held · (\d+) ready · (\d+) waiting for an answer · (\d+) done", line, *names)
    for head, name in (("Waiting for an answer", "requests"), ("Held now", "claims"), ("Ready", "ready"),
                       ("Decisions", "decisions"), ("Findings", "findings")):  # fmt: skip
        (again,) = read(rf"<b>{head} \((\d+)\)</b>", text, name).values()
        assert numbers.get(name, again) == again
        numbers[name] = again
    waiting = len(re.findall(r"(?m)^- \*\*", text))
    return numbers | {
        "other reminders": waiting,
        "overdue": text.count(": **overdue**: "),
        "alerts": len(re.findall(r"(?m)^\d+\. \*\*", text)),
    }


def of_screen(lines: list[str]) -> dict[str, int]:
    """The numbers in the two uppermost lines of the terminal's board; a narrow one has fewer, and none is cut."""
    words = {"held": "claims", "ready": "ready", "waiting": "requests", "done": "done"}
    figures = re.findall(r"(\d+) (held|ready|waiting|done)\b", lines[0])
    assert "…" not in lines[0] and len(figures) >= 3
    numbers = {words[word]: int(count) for count, word in figures}
    for head, name in (("Needs", "alerts"), ("Waiting", "requests"), ("Agents", "lanes"), ("Work", "claims")):
        (again,) = read(rf"\d {head} (\d+)", lines[1], name).values()
        assert numbers.get(name, again) == again
        numbers[name] = again
    return numbers


def of_digest(text: str) -> dict[str, int]:
    """The numbers of the digest of a day."""
    numbers = read(r"(?m)^NOW +(\d+) things? needs? somebody", text, "alerts")
    numbers |= read(r"(?m)^NOW .* new\), (\d+) more waits?", text, "reminders")
    numbers |= read(r"(?m)^DONE +(\d+):", text, "finished in a day") | read(
        r"(?m)^BEGUN +(\d+):", text, "begun in a day"
    )
    numbers |= read(r"(?m)^FOR YOU +(\d+) waits?,", text, "for the reader") | read(
        r"(?m); (\d+) open$", text, "requests"
    )
    numbers |= read(r"(?m)^READY +(\d+),", text, "ready")
    return numbers | read(r"(?m)^DECIDED +\d+; open (\d+), overdue (\d+)", text, "decisions", "overdue")


def of_metrics(text: str) -> dict[str, int]:
    """The sums of the figures over their labels."""
    sums: Counter[str] = Counter()
    for name, labels, value in re.findall(r"(?m)^teof_(\w+)(\{.*\})? (\S+)$", text):
        sums[name] += int(float(value))
        if word := re.match(r'\{(?:standing|state)="(\w+)"', labels):
            sums[f"{name} {word[1]}"] += int(float(value))
    names = {"alerts": "alerts", "reminders": "reminders", "claims": "claims",
             "requests": "requests_open", "ready": "ready", "overdue": "decisions_overdue",
             "handoffs": "handoffs_open", "decisions": "decisions_open", "silent": "claims silent", "paused": "claims paused"}  # fmt: skip
    names |= {f"evidence {word}": f"evidence {word}" for word in WORDS.values()}
    return {name: sums[key] for name, key in names.items()}
