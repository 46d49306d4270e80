"""The board: one snapshot, every number of which can be board by hand, shown in three ways that hold."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from jsonschema import Draft202012Validator

from tests.acting import context_of
from tools.core import clock, ids
from tools.core.board import build, markdown, model
from tools.core.board import text as board_text
from tools.core.models.bus import Event, Message
from tools.core.models.lenient import claim_from
from tools.core.models.record import to_mapping
from tools.core.store.api import Append, Replace
from tools.core.store.files.store import FileStore
from tools.core.text import terminal
from tools.core.workspace import Workspace

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
HOSTILE = "a|b\n\x1b[31m<script>`x`</script> [l](http://e) **b** \u202e# `` ![i](x) | | \\| &amp;"


def taken(workspace, now=NOW, **view):
    return build.take(context_of(workspace=workspace, store=FileStore(workspace), now=now), model.View(**view))


def put_claim(store, task, **fields):
    base = {"agent_id": "codex-2", "branch": "b", "status": "active", "claimed_at": "2026-01-02T11:50:00Z", "fence": 1}
    store.commit([Replace(f"claims/{task}", to_mapping(claim_from({**base, **fields}, task)), "")])


def put_event(store, agent, event, minutes=1, **more):
    ts = clock.to_text(NOW - timedelta(minutes=minutes))
    made = Event(id=ids.new_record_id(), ts=ts, agent_id=agent, event=event, summary=more.pop("summary", "s"), **more)
    store.commit([Append("events", to_mapping(made))])


def put_message(store, thread, sender, kind, minutes=1, **more):
    ts = clock.to_text(NOW - timedelta(minutes=minutes))
    summary = more.pop("summary", "please")
    record_id = ids.new_record_id()
    made = Message(id=record_id, ts=ts, sender=sender, type=kind, task_id=thread, summary=summary, **more)
    store.commit([Append(f"messages/{thread}", to_mapping(made))])
    return record_id


def put_plan(root, name, **fields):
    (root / "_plans").mkdir(exist_ok=True)
    plan = {"plan_id": name, "status": "in_progress", "actor": "codex-2", "created": "2026-01-01T00:00:00Z", **fields}
    (root / "_plans" / f"{name}.plan.json").write_text(json.dumps(plan))


def put_dirty(root, finder, owner, name="dirty-20260102T110000Z.txt"):
    folder = root / "_report/session" / finder / "dirty-handoff"
    folder.mkdir(parents=True, exist_ok=True)
    head = f"# dirty handoff\n# agent={finder}\n# owner={owner}\n# captured_at=2026-01-02T11:00:00Z\n# branch=agent/x\n"
    (folder / name).write_text(head + "# commit=abc\n# git_status=git status --porcelain\n\n M a.txt\n?? b.txt\n")


def kinds(board):
    return [row.kind for row in board.alerts]


def test_an_empty_repository_is_green_and_says_that_there_is_no_manager(workspace):
    board = taken(workspace)
    assert (board.verdict, board.alerts) == ("green", [])
    assert "no manager" in board.notes[0]


def test_a_silent_holder_alarms_signed_off_or_not_and_a_paused_or_retired_one_does_not(workspace, store):
    old = "2026-01-01T00:00:00Z"
    for number, agent in enumerate(["silent", "paused", "gone", "off", "parked"]):
        put_claim(
            store, f"T-{number}", agent_id=agent, claimed_at=old, status="paused" if agent == "paused" else "active"
        )
    put_event(store, "gone", "retired", minutes=60 * 20)
    put_event(store, "off", "handshake", minutes=60 * 20, meta={"focus": "idle"})
    board = taken(workspace, retired=["parked"])
    alarmed = [(row.kind, row.agent_id, row.task_id) for row in board.alerts]
    assert alarmed == [("agent_idle", "silent", "T-0"), ("agent_idle", "off", "T-3")]
    assert board.alerts[0].since == clock.parse(old)
    assert "bus_claim pause --task T-0" in board.alerts[0].command
    assert len(board.claims) == 5


def test_who_picks_up_a_task_is_no_manager_by_that(workspace, store):
    put_claim(store, "T-1")
    given = {"task_id": "T-1", "engineer": "codex-2", "manager": "codex-2", "assigned_at": "2026-01-02T11:50:00Z"}
    store.commit([Replace("assignments/T-1", given, "")])
    assert taken(workspace).managers == []
    store.commit([Replace("assignments/T-1", {**given, "manager": "boss"}, store.version("assignments/T-1"))])
    assert kinds(taken(workspace)) == ["manager_missing"]


def test_a_window_of_0_switches_its_check_off(workspace, store, seat):
    seat("boss", roles=["manager"])
    put_claim(store, "T-1", agent_id="silent", claimed_at="2026-01-01T00:00:00Z")
    assert kinds(taken(workspace)) == ["manager_missing", "agent_idle"]
    assert kinds(taken(workspace, manager_window=timedelta(0), agent_window=timedelta(0))) == []


def test_a_plan_in_progress_without_a_claim_alarms_and_a_blocked_one_does_not(workspace, store, git_repo):
    put_plan(git_repo, "2026-01-01-free")
    put_plan(git_repo, "2026-01-01-held")
    put_plan(git_repo, "2026-01-01-blocked", status="blocked")
    put_plan(git_repo, "2026-01-01-queued", status="queued")
    put_event(store, "codex-2", "note")
    put_claim(store, "T-1", plan_id="2026-01-01-held")
    board = taken(workspace)
    assert [(row.kind, row.agent_id) for row in board.alerts] == [("plan_unclaimed", "codex-2")]
    assert [row.plan_id for row in board.unclaimed_plans] == ["2026-01-01-free", "2026-01-01-queued"]
    assert [row.plan_id for row in board.active_plans] == ["2026-01-01-blocked", "2026-01-01-free", "2026-01-01-held"]


def test_a_dirty_handoff_alarms_until_its_owner_is_its_finder(workspace, git_repo):
    put_dirty(git_repo, "codex-3", "codex-2")
    put_dirty(git_repo, "codex-4", "codex-4")
    (alert,) = taken(workspace).alerts
    assert (alert.kind, alert.agent_id, alert.since) == ("dirty_handoff", "codex-2", NOW - timedelta(hours=1))
    assert "2 uncommitted changes" in alert.text


def test_a_request_is_on_the_board_until_it_is_answered_and_alarms_after_a_day(workspace, store):
    fresh = put_message(store, "T-1", "codex-1", "request", to="codex-2")
    old = put_message(store, "T-2", "codex-1", "request", minutes=60 * 25)
    board = taken(workspace)
    assert [row.id for row in board.requests] == [old, fresh]
    assert kinds(board) == ["request_waiting"]
    assert board.alerts[0].command.endswith(f"--reply-to {old}")
    put_message(store, "T-2", "codex-2", "status", reply_to=old)
    assert kinds(taken(workspace)) == []
    assert [row.id for row in taken(workspace).requests] == [fresh]


def test_directives_are_directives_and_one_without_a_pointer_is_a_finding(workspace, store):
    put_message(store, "BUS-COORD-1", "boss", "directive", summary="rebase")
    put_message(store, "manager-report", "boss", "status", summary="chatter")
    board = taken(workspace)
    assert [(row.summary, row.open, row.pointed) for row in board.directives] == [("rebase", True, False)]
    assert "BUS-COORD-1 has no pointer" in board.findings[0]
    put_message(store, "manager-report", "boss", "status", meta={"directive": "BUS-COORD-1"})
    assert taken(workspace).findings == []


def test_claimed_paths_that_overlap_are_shown_once(workspace, store):
    put_claim(store, "T-1", paths=["lib/src/", "docs/a.md"])
    put_claim(store, "T-2", agent_id="codex-3", paths=["lib/src/core/x.py"])
    put_claim(store, "T-3", agent_id="codex-4", paths=["tests/**"])
    put_claim(store, "T-4", agent_id="codex-5", paths=["a.md"])
    rows = [{row.task_id, row.other_task_id} for row in taken(workspace).overlaps]
    assert sorted(map(sorted, rows)) == [["T-1", "T-2"], ["T-1", "T-4"], ["T-3", "T-4"]]


def test_heartbeats_carry_summary_and_metadata_and_open_automation_plans_are_listed(workspace, store, seat, git_repo):
    seat("boss", roles=["manager"])
    put_event(store, "boss", "status", minutes=5, summary="on watch", meta={"shift": "mid"})
    steps = [{"id": "S1", "title": "Ship the hook", "status": "queued"}]
    put_plan(git_repo, "2026-01-01-heartbeat-automation", status="blocked", steps=steps)
    put_plan(git_repo, "2026-01-01-heartbeat-auto-done", status="done")
    board = taken(workspace)
    (beat,) = board.managers
    assert (beat.state, beat.summary, beat.meta["shift"]) == ("fresh", "on watch", "mid")
    assert [(row.plan_id, row.pending_steps) for row in board.automation] == [
        ("2026-01-01-heartbeat-automation", ("Ship the hook",))
    ]
    assert "shift=mid" in markdown.document(board)


def test_evidence_of_a_run_is_told_apart_from_what_is_asserted_and_what_is_broken(workspace, git_repo, run, seat):
    seat("codex-2")
    run("agent.receipt_run", "--name", "proof", "--", "git", "--version")
    [proof] = git_repo.glob("_report/runner/codex-2/*.json")
    (git_repo / "said.md").write_text("I tested it\n")
    put_plan(git_repo, "2026-01-01-x", receipts=[str(proof.relative_to(git_repo)), "said.md", "gone.md"])
    board = taken(workspace)
    (row,) = board.unclaimed_plans
    assert row.evidence == {"broken": 1, "unverified": 1, "verified": 1}
    assert "1 broken, 1 unverified, 1 verified" in markdown.document(board)
    assert [text for text in board.findings if "gone.md" in text] == board.findings


def test_finished_claims_are_counted_and_live_ones_listed(workspace, store):
    put_claim(store, "T-1")
    for number, status in enumerate(["done", "done", "released"], 2):
        put_claim(store, f"T-{number}", status=status, released_at="2026-01-02T11:55:00Z")
    board = taken(workspace)
    assert [row.task_id for row in board.claims] == ["T-1"]
    assert board.finished_claims == {"done": 2, "released": 1}


# -- how it is shown -----------------------------------------------------------------------------


@pytest.fixture
def hostile(workspace, store, git_repo, seat):
    """A board in which every free text is an attack."""
    seat("boss", roles=["manager"])
    raw = {"agent_id": HOSTILE, "branch": HOSTILE, "status": "active", "claimed_at": HOSTILE, "notes": HOSTILE}
    (git_repo / "_bus/claims").mkdir(parents=True)
    (git_repo / "_bus/claims/T-1.json").write_text(
        json.dumps({**raw, "plan_id": HOSTILE, "paths": [HOSTILE, "src/**"]})
    )
    (git_repo / "_bus/claims/T-2.json").write_text(json.dumps({**raw, "agent_id": "x", "paths": ["src/a"]}))
    (git_repo / "_bus/claims/T-3.json").write_text("{" + HOSTILE)
    put_plan(git_repo, "2026-01-01-x", actor=HOSTILE, summary=f"heartbeat auto {HOSTILE}", steps=[{"title": HOSTILE}])
    (git_repo / "queue").mkdir()
    (git_repo / "queue/001-x.md").write_text(f"# Task: {HOSTILE}\nPriority: {HOSTILE}\nStatus: open\n")
    for kind in ("request", "directive"):
        line = {"ts": HOSTILE, "from": HOSTILE, "type": kind, "summary": HOSTILE, "to": HOSTILE, "task_id": HOSTILE}
        path = git_repo / "_bus/messages/BUS-COORD-1.jsonl"
        path.parent.mkdir(exist_ok=True)
        with path.open("a") as log:
            log.write(json.dumps(line) + "\n")
    put_event(store, "boss", "status", minutes=90, summary="x | y", meta={"k": HOSTILE})
    put_dirty(git_repo, "codex-3", HOSTILE.replace("\n", " "))
    return taken(workspace)


def test_markdown_is_well_formed_whatever_the_text_says(hostile):
    text = markdown.document(hostile)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert not re.search(r"(?<!\\)[<>]", outside.replace("\n> ", "\n"))
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) >= 5
    for table in tables:
        borders = {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in table.splitlines()}
        assert len(borders) == 1, table


def test_no_rendering_says_none_or_breaks_a_line(hostile):
    for text in (markdown.document(hostile), board_text.compact(hostile), board_text.headline(hostile)):
        assert not re.search(r"\bNone\b(?!\.| open\.)", text)
        assert "\x1b" not in text
    assert terminal.block(board_text.compact(hostile)) == board_text.compact(hostile)


def test_json_keeps_its_schema(hostile, workspace):
    (content,) = build.schema_files().values()
    schema = json.loads(content)
    Draft202012Validator.check_schema(schema)
    for board in (hostile, taken(workspace, messages=0)):
        document = json.loads(json.dumps(build.as_document(board)))
        assert list(Draft202012Validator(schema).iter_errors(document)) == []
    assert list(Draft202012Validator(schema).iter_errors({**document, "verdict": None}))


def test_the_sections_stand_in_their_order(hostile):
    titles = [re.sub(r" \(.*", "", line[3:]) for line in markdown.document(hostile).splitlines() if line[:3] == "## "]
    assert titles == [
        "Alerts",
        "Waiting",
        "Active Plans",
        "Claims",
        "Unclaimed Plans",
        "Ready Queue",
        "Open Requests",
        "Dirty Handoffs",
        "Heartbeats",
        "Heartbeat automation in flight",
        "Manager Directives",
        "Consensus",
        "Findings",
    ]


def test_live_claims_and_alerts_are_never_cut(workspace, store, git_repo):
    for number in range(45):
        put_claim(store, f"T-{number:02}", agent_id=f"a-{number}", claimed_at="2026-01-01T00:00:00Z")
    board = taken(workspace)
    for text in (markdown.document(board), board_text.compact(board)):
        assert all(f"bus_claim pause --task T-{number:02}" in text for number in range(45))
        assert text.count("a-44") >= 2


# -- the real history ----------------------------------------------------------------------------


def test_every_number_of_the_real_history_can_be_found_by_hand(history):
    now = datetime(2025, 11, 12, tzinfo=UTC)
    board = taken(Workspace(str(history), str(history)), now)
    claims = [json.loads(path.read_text()) for path in (history / "_bus/claims").glob("*.json")]
    live = [claim for claim in claims if claim["status"] in ("active", "paused", "pending", "in_progress")]
    assert {row.task_id for row in board.claims} == {claim["task_id"] for claim in live}
    assert sum(board.finished_claims.values()) == len(claims) - len(live)
    assert board.finished_claims["done"] == sum(claim["status"] == "done" for claim in claims)
    plans = [json.loads(path.read_text()) for path in (history / "_plans").glob("*.plan.json")]
    held = {claim.get("plan_id") for claim in live}
    waiting = {plan["plan_id"] for plan in plans if plan["status"] in ("queued", "in_progress")} - held
    assert {row.plan_id for row in board.unclaimed_plans} == waiting
    assert {row.plan_id for row in board.active_plans} == {p["plan_id"] for p in plans if p["status"] == "in_progress"}
    assert sum(board.backlog.values()) == len(list((history / "queue").glob("[0-9]*.md")))
    assert board.requests == board.directives == board.handoffs == []
    managers = [
        m for m in [json.loads((history / "AGENT_MANIFEST.json").read_text())] if "manager" in m["desired_roles"]
    ]
    assert [row.agent_id for row in board.managers] == [manager["agent_id"] for manager in managers]
    broken = sum(row.kind == "evidence_broken" for row in board.alerts)
    in_progress = sum(plan["status"] == "in_progress" for plan in plans)
    assert len(board.alerts) == len(managers) + len(live) + in_progress + broken


def test_what_is_ready_in_the_real_history_is_neither_finished_nor_held(history):
    board = taken(Workspace(str(history), str(history)), datetime(2025, 11, 12, tzinfo=UTC))
    names = {f"QUEUE-{path.name[:3]}": path.read_text() for path in (history / "queue").glob("[0-9]*.md")}
    claimed = {path.stem for path in (history / "_bus/claims").glob("*.json")}
    assigned = {path.stem for path in (history / "_bus/assignments").glob("*.json")}
    free = {task for task, text in names.items() if not re.search(r"^Status:", text, re.MULTILINE)}
    assert {row.task_id for row in board.ready} == free - claimed - assigned


def test_the_real_history_reads_cleanly_with_one_line_a_problem(history):
    board = taken(Workspace(str(history), str(history)), datetime(2025, 11, 12, tzinfo=UTC))
    texts = [markdown.document(board), board_text.compact(board)]
    assert not any(word in text for text in texts for word in ("Traceback", " None ", "None,", "'None"))
    assert len(board.findings) == len(set(board.findings))
    assert board.findings[0].startswith("queue/052-systemic-health-radar.md:3: ")
    gone = set()
    for path in (history / "_plans").glob("*.plan.json"):
        plan = json.loads(path.read_text())
        if plan["status"] not in ("done", "complete", "completed", "closed"):
            cited = [*plan.get("receipts", []), *(one for step in plan["steps"] for one in step.get("receipts", []))]
            gone |= {(plan["plan_id"], one) for one in cited if not (history / one.partition("#")[0]).exists()}
    broken = [row for row in board.alerts if row.kind == "evidence_broken"]
    assert {(row.plan_id, row.command.split()[-1]) for row in broken} == gone


@pytest.mark.promise(10)
def test_no_question_of_the_board_reads_the_whole_log(workspace, store):
    for number in range(5):
        put_event(store, f"a-{number}", "handshake")
    asked = []
    index = store.history.index
    plain = index.ask

    def explained(sql, values=()):
        asked.extend(row[3] for row in plain(f"EXPLAIN QUERY PLAN {sql}", values))
        return plain(sql, values)

    index.ask = explained
    build.take(context_of(workspace=workspace, store=store, now=NOW), model.View())
    assert [step for step in asked if step.startswith("SCAN entries") and "INDEX" not in step] == []
