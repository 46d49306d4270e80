"""The commands that hostile input is tried on: a new command joins with one line."""

import importlib.util

_READERS = [
    ("agent.bus_status",),
    ("agent.bus_status", "--preset", "manager"),
    ("agent.bus_status", "--summary"),
    ("agent.bus_watch", "--limit", "50"),
    ("agent.bus_watch", "--task", "T-1", "--task", "manager-report", "--limit", "50"),
    ("agent.bus_watch", "--agent", "codex-2", "--event", "note"),
    ("agent.bus_watch", "--since", "30000d"),
    ("agent.bus_watch", "--messages-only"),
    ("agent.bus_watch", "--severity", "high"),
    ("agent.bus_watch", "--task", "T-1", "--follow", "--timeout", "0m", "--interval", "0.01s"),
    ("agent.bus_inbox",),
    ("agent.bus_search", "note", "evil"),
    ("agent.bus_claim", "list", "--stale"),
    ("agent.bus_claim", "list"),
    ("agent.bus_claim", "show", "--task", "T-1"),
    ("agent.coord_dashboard", "report", "--output", "-"),
    ("agent.coord_dashboard", "report", "--output", "-", "--format", "markdown"),
    ("agent.idle_pickup", "list", "--all"),
    ("agent.receipts_index",),
    ("agent.receipts_metrics",),
    ("agent.doc_links", "list"),
    ("agent.manifest_helper", "list"),
    ("agent.manifest_helper", "show"),
    ("agent.manifest_helper", "session-list"),
    ("agent.push_ready",),
    ("planner.cli", "list"),
    ("planner.cli", "show", "2026-01-02-a-plan"),
    ("consensus.ledger",),
    ("consensus.dashboard",),
    ("maintenance.bus_check",),
    ("maintenance.bus_check", "--strict"),
    ("maintenance.bus_repair",),
    ("maintenance.memory_log", "verify"),
    ("maintenance.plan_hygiene", "--check"),
]

_WRITERS = [
    ("agent.bus_event", "log", "--event", "note", "--summary", "x"),
    ("agent.bus_event", "log", "--event", "status", "--task", "T-1", "--summary", "x"),
    ("agent.bus_message", "--task", "T-1", "--type", "note", "--summary", "x", "--target", "codex-2"),
    (
        "agent.bus_message",
        "--task",
        "T-1",
        "--type",
        "note",
        "--summary",
        "x",
        "--reply-to",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    ),
    ("agent.bus_ping", "--task", "T-1", "--message-task", "T-1"),
    ("agent.bus_claim", "claim", "--task", "T-1"),
    ("agent.bus_claim", "claim", "--task", "T-2", "--paths", "src/**"),
    ("agent.bus_claim", "pause", "--task", "T-1", "--notes", "x"),
    ("agent.bus_claim", "release", "--task", "T-2"),
    ("agent.bus_inbox", "--mark-read"),
    ("agent.bus_heartbeat",),
    ("agent.task_assign", "--task", "T-3", "--engineer", "codex-2"),
    ("agent.claim_seed", "--task", "T-4", "--agent", "codex-2"),
    ("agent.idle_pickup", "next"),
    ("agent.task_sync",),
    ("agent.directive_pointer", "--task", "BUS-COORD-1", "--summary", "x"),
    ("agent.manager_report", "--log-heartbeat"),
    ("agent.session_boot", "--no-sync", "--with-status"),
    ("agent.session_brief", "--task", "T-1", "--preset", "operator"),
    ("agent.manifest_helper", "session-save", "label"),
    ("agent.manifest_helper", "session-restore", "label"),
    ("agent.receipt_run", "--task", "T-1", "--", "true"),
    ("planner.cli", "new", "a-new-plan", "--summary", "x", "--actor", "codex-1"),
    ("planner.cli", "status", "2026-01-02-a-plan", "in_progress"),
    ("planner.validate", "--strict"),
    ("consensus.receipts", "--decision", "D-1"),
    ("maintenance.bus_repair", "--apply"),
    ("maintenance.memory_log", "add", "--summary", "x"),
    ("maintenance.plan_hygiene", "--apply"),
]


def _present(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [row for row in rows if importlib.util.find_spec(f"tools.{row[0]}") is not None]


READERS = _present(_READERS)
WRITERS = _present(_WRITERS)
EVERY = READERS + WRITERS


def name_of(command: tuple[str, ...]) -> str:
    """A test's id."""
    return "_".join(part.replace("agent.", "").strip("-") for part in command[:3])
