"""Which tests of commands run on a store that is not files, and why some cannot."""

from __future__ import annotations

FOLDERS = ("tests/agent/", "tests/consensus/", "tests/planner/", "tests/maintenance/")

_FILES = "it plants links, pipes or garbage in the folder of the bus"
_PROCESS = "it starts processes of their own, which find the bus in files"
_BRANCH = "it commits, exchanges or joins the bus as a folder of git"
_MOVES = "it moves a bus from files to a server itself"

REASONS = {
    "tests/agent/test_directive_pointer.py::test_of_many": _PROCESS,
    "tests/agent/test_guard.py::test_a_commit_of": _PROCESS,
    "tests/agent/test_guard.py::test_a_push_of": _PROCESS,
    "tests/agent/test_guard.py::test_the_bus_of_a_ref": _BRANCH,
    "tests/agent/test_hostile.py::test_a_left_journal": _FILES,
    "tests/agent/test_hostile.py::test_a_link_in": _FILES,
    "tests/agent/test_hostile.py::test_what_stands_in": _FILES,
    "tests/agent/test_hook_on_server.py": _MOVES,
    "tests/agent/test_idle_pickup.py::test_sixteen_who_ask": _PROCESS,
    "tests/agent/test_preflight.py::test_a_memory_that_lost_its_end": _BRANCH,
    "tests/agent/test_preflight.py::test_the_shell_script": _PROCESS,
    "tests/agent/test_preflight.py::test_where_the_bus_is_a_branch": _BRANCH,
    "tests/agent/test_receipts_index.py::test_memory_does_not_grow": _PROCESS,
    "tests/agent/test_redacted_writers.py::test_a_document_is_whole": "it reads every file that a command left",
    "tests/agent/test_session_boot.py::test_a_bus_elsewhere": "it looks where the folder of the bus was made",
    "tests/agent/test_session_boot.py::test_a_boot_in_a_fresh": _BRANCH,
    "tests/agent/test_session_boot.py::test_a_branch_with_": _BRANCH,
    "tests/agent/test_session_boot.py::test_a_bus_whose_files": _BRANCH,
    "tests/agent/test_session_boot.py::test_a_reader_of_a_fresh": _BRANCH,
    "tests/agent/test_session_boot.py::test_a_remote_that_is_silent": _BRANCH,
    "tests/agent/test_session_boot.py::test_a_tracked_sync": _BRANCH,
    "tests/agent/test_session_boot.py::test_the_first_writer_of": _BRANCH,
    "tests/agent/test_session_boot.py::test_tracked_buses": _BRANCH,
    "tests/agent/test_session_boot.py::test_where_git_refuses": _BRANCH,
    "tests/agent/test_session_boot.py::test_worktrees_of_a_bare": _BRANCH,
    "tests/agent/test_session_boot_races.py": _PROCESS,
    "tests/agent/test_starting.py": _PROCESS,
    "tests/agent/test_task_assign.py::test_of_eight": _PROCESS,
    "tests/agent/test_verbs.py::test_prime_without": "it begins without a bus, and one in memory is always there",
    "tests/agent/test_writers_warn_of_losses.py::test_a_writer_that_asks_nothing": "it cuts the end of a log of files",
    "tests/maintenance/test_bus_check.py": "it breaks the files of the bus and compares them with git's commits of them",
    "tests/maintenance/test_bus_repair.py": "bus_repair mends files",
    "tests/maintenance/test_bus_move.py": "bus_move takes the files of the bus to a server, and brings them back",
    "tests/maintenance/test_demo.py": _PROCESS,
    "tests/maintenance/test_repair_of_a_server.py": _MOVES,
    "tests/planner/test_cli.py::test_eight_processes": _PROCESS,
    "tests/planner/test_validate.py::test_a_bus_link": _BRANCH,
}
"""Why a test needs the bus in files, by the beginning of its name."""


_FOLDER = "it looks whether the folder of the bus was made, in which a clone of a bus on a server has the signpost"

ON_SERVER = {
    "tests/agent/test_bus_commands.py::test_a_claim_that_makes_no_sense": _FOLDER,
    "tests/agent/test_hostile.py::test_a_broken_manifest_refuses": _FOLDER,
    "tests/agent/test_hostile.py::test_a_value_that_no_record_may_carry": _FOLDER,
    "tests/agent/test_hostile.py::test_nobody_speaks_in_anothers": _FOLDER,
}
"""Why a test cannot run on a server, besides."""


WITHOUT_BUS = tuple(
    f"tests/{name}.py"
    for name in ("agent/test_doc_links", "agent/test_doctor", "agent/test_hook", "agent/test_manifest_helper",
                 "agent/test_receipt_run", "agent/test_serve", "agent/test_setup", "agent/test_starting",
                 "maintenance/test_bus_server", "maintenance/test_generate_docs", "maintenance/test_memory_log",
                 "maintenance/test_plan_hygiene")
)  # fmt: skip
"""Tests of what asks no bus, or asks one in processes of its own: a server would change nothing but the time."""


def reason_against(test: str, store: str) -> str | None:
    """Why a test cannot run without files, "" when it can; None for a test that is not about commands and the bus."""
    if not test.startswith(FOLDERS) or (store == "postgres" and test.startswith(WITHOUT_BUS)):
        return None
    reasons = REASONS | (ON_SERVER if store == "postgres" else {})
    return next((reason for name, reason in reasons.items() if test.startswith(name)), "")
