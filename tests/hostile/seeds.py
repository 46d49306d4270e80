"""Sound files of every kind that the toolkit reads, to be damaged; and the commands that read each kind."""

from __future__ import annotations

import json

from tests.core.plans.test_rules import good

CLAIM = {"task_id": "T-1", "agent_id": "codex-2", "status": "active", "claimed_at": "2026-01-02T03:04:05Z", "branch": "agent/codex-2/t-1", "fence": 2,
         "paths": ["src/**"], "plan_id": "2026-01-02-a-plan", "taken_from": {"agent_id": "codex-3",
                 "at": "2026-01-02T03:04:05Z", "reason": "x"}}  # fmt: skip
ASSIGNMENT = {
    "task_id": "T-1",
    "engineer": "codex-2",
    "manager": "codex-1",
    "assigned_at": "2026-01-02T03:04:05Z",
    "plan_id": "2026-01-02-a-plan",
}
EVENT = {"id": "01KE0000000000000000000000", "agent_id": "codex-2", "event": "claim", "summary": "took it",
        "ts": "2026-01-02T03:04:05Z", "task_id": "T-1",
         "meta": {"decision_id": "D-1", "roles": "manager"}, "receipts": ["_report/a.txt"], "claim": CLAIM}  # fmt: skip
MESSAGE = {"id": "01KE0000000000000000000001", "from": "codex-2", "to": "codex-1", "type": "request",
        "summary": "please", "ts": "2026-01-02T03:04:05Z",
           "task_id": "T-1", "note": "more words", "reply_to": "01KE0000000000000000000000"}  # fmt: skip
MANIFEST = {"agent_id": "codex-2", "desired_roles": ["engineer"], "branch": "agent/codex-2/work"}
RECEIPT = {
    "decision_id": "D-1",
    "agent_id": "codex-1",
    "event": "proposal",
    "summary": "s",
    "ts": "2026-01-02T03:04:05Z",
    "receipts": ["x"],
    "meta": {},
}
RUN = {"command": ["true"], "exit_status": 0, "output_sha256": "0" * 64, "output_bytes": 0, "duration_seconds": 1,
        "started_at": "2026-01-02T03:04:05Z",
       "agent_id": "codex-1", "dirty": False}  # fmt: skip
WARNING = {"ts": "2026-01-02T03:04:05Z", "agent_id": "codex-1", "code": "busy_override", "message": "m"}
QUICK_LINKS = {
    "version": 0,
    "links": [{"id": "a", "title": "A", "target": "README.md#x", "category": "c", "summary": "s"}],
}
TASK = """\
# Task: A heading with `words`

Status: open
Priority: high
Depends: QUEUE-002, T-1
Paths: src/**, docs/
Consensus: D-1
OCERS: Observation
Goal: what it is for

## Acceptance

- [ ] first
- [x] second
"""
LEDGER = 'decision_id,agent,decision_ts,note\nD-1,codex-1,2026-01-02T03:04:05Z,"a, b"\nD-2,codex-2,,\n'


def _lines(*records: object) -> bytes:
    return b"".join(json.dumps(record, sort_keys=True).encode() + b"\n" for record in records)


BUS = [("agent.bus_status",), ("agent.bus_watch", "--limit", "50"), ("agent.bus_watch", "--task", "T-1"), ("agent.bus_claim", "list"),
       ("agent.bus_inbox",), ("agent.coord_dashboard", "report", "--output", "-"), ("maintenance.bus_check",), ("maintenance.bus_repair",),
       ("agent.bus_search", "took"), ("agent.bus_heartbeat", "--dry-run"), ("agent.session_brief", "--task", "T-1"), ("consensus.dashboard",),
       ("agent.prime",), ("agent.next",), ("agent.digest",), ("agent.bus_ping",), ("agent.bus_claim", "claim", "--task", "T-1"),
       ("agent.coord_dashboard", "report", "--output", "-", "--format", "github")]  # fmt: skip
PLANS = [("planner.validate",), ("planner.validate", "--strict"), ("planner.cli", "list"), ("planner.cli", "show", "2026-01-02-a-plan"),
         ("maintenance.plan_hygiene", "--check"), ("agent.receipts_index",), ("agent.receipts_metrics",)]  # fmt: skip
BACKLOG = [("agent.idle_pickup", "list", "--all"), ("agent.task_sync",), ("agent.session_brief", "--task", "QUEUE-001"), ("agent.next",),
           ("agent.task_export", "markdown"), ("agent.task_export", "csv"), ("agent.coord_dashboard", "report", "--output", "-")]  # fmt: skip
SEATS = [
    ("agent.manifest_helper", "list"),
    ("agent.manifest_helper", "show"),
    ("agent.bus_status",),
    ("agent.preflight",),
    ("agent.prime",),
]
EVIDENCE = [("consensus.dashboard",), ("agent.receipts_index",), ("agent.receipts_metrics",), ("agent.manager_report",),
            ("agent.receipt_run", "verify", "_report/runner/codex-1/x.json")]  # fmt: skip
CONFIGURATION = [("agent.setup", "--check"), ("agent.doctor",), ("agent.prime",)]

SEEDS: dict[str, tuple[bytes, list[tuple[str, ...]]]] = {
    "_bus/events/events.jsonl": (_lines(EVENT, {**EVENT, "id": "01KE0000000000000000000002", "event": "note", "claim": None}, EVENT), BUS),
    "_bus/messages/T-1.jsonl": (_lines(MESSAGE, {**MESSAGE, "id": "01KE0000000000000000000003"}), BUS),
    "_bus/messages/manager-report.jsonl": (_lines(MESSAGE), BUS),
    "_bus/messages/agent-codex-1.jsonl": (_lines(MESSAGE), BUS),
    "_bus/claims/T-1.json": (json.dumps(CLAIM, indent=2).encode(), BUS),
    "_bus/assignments/T-1.json": (json.dumps(ASSIGNMENT, indent=2).encode(), BUS),
    "_plans/2026-01-02-a-plan.plan.json": (json.dumps({**good(), "plan_id": "2026-01-02-a-plan"}, indent=2).encode(), PLANS),
    "queue/001-a-task.md": (TASK.encode(), BACKLOG),
    "_report/ledger.csv": (LEDGER.encode(), [("consensus.ledger",), ("consensus.ledger", "--json"), ("consensus.dashboard",)]),
    "_report/consensus/D-1-20260102T030405Z.jsonl": (_lines(RECEIPT), EVIDENCE),
    "_report/runner/codex-1/x.json": (json.dumps(RUN).encode(), EVIDENCE),
    "_report/agent/codex-1/session_guard/warnings.jsonl": (_lines(WARNING), [("agent.coord_dashboard", "report",
            "--output", "-"), ("maintenance.bus_check",)]),
    "AGENT_MANIFEST.codex-2.json": (json.dumps(MANIFEST).encode(), SEATS),
    "docs/quick-links.json": (json.dumps(QUICK_LINKS).encode(), [("agent.doc_links", "list"), ("agent.doc_links", "check"), ("agent.preflight",)]),
    "memory/log.jsonl": (_lines({"ts": "2026-01-02T03:04:05Z", "summary": "s", "hash": "0" * 64}), [("maintenance.memory_log", "verify")]),
    "_report/session/codex-1/inbox.json": (b'{"seen": {"T-1": 3}, "at": "2026-01-02T03:04:05Z"}', [("agent.bus_inbox",), ("agent.prime",)]),
    ".claude/settings.json": (b'{"hooks": {"PreToolUse": [{"matcher": "Edit", "hooks": [{"type": "command", "command": "x"}]}]}}', CONFIGURATION),
    ".codex/config.toml": (b'model = "x"\n[mcp_servers.teof]\ncommand = "teof"\nargs = ["mcp"]\n', CONFIGURATION),
    ".gemini/settings.json": (b'{"mcpServers": {"teof": {"command": "teof"}}}', CONFIGURATION),
    "opencode.json": (b'{"mcp": {"teof": {"type": "local", "command": ["teof", "mcp"]}}}', CONFIGURATION),
    "AGENTS.md": (b"# Agents\n\n<!-- teof:begin -->\nx\n<!-- teof:end -->\n", CONFIGURATION),
    "_bus/.journal": (b'{"appends": [], "documents": [{"name": "claims/T-1", "expected": "", "content": {}}]}', BUS[:6] + BUS[7:8] + BUS[15:16]),
}  # fmt: skip
