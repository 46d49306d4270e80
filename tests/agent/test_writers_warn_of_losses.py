"""Writers that ask the index tell of records that a log has lost, also when they refuse."""

import pytest


@pytest.fixture
def lossy(run, seat, raw_bus):
    """codex-1 holds T-1, and the log has lost a record that the index knew."""
    seat("codex-1")
    run("agent.bus_claim", "claim", "--task", "T-1")
    run("agent.bus_ping", "--summary", "soon gone")
    run("agent.bus_status")
    raw_bus["events"] = b"".join(raw_bus["events"].splitlines(keepends=True)[:-1])


@pytest.mark.parametrize(
    ("code", "command"),
    [
        (4, ("agent.bus_claim", "claim", "--task", "T-1")),
        (4, ("agent.bus_claim", "pause", "--task", "T-1", "--notes", "n")),
        (
            2,
            (
                "agent.bus_message",
                "--task",
                "T-1",
                "--type",
                "note",
                "--summary",
                "s",
                "--reply-to",
                "01KDHX0C0G0000000000000000",
            ),
        ),
    ],
)
def test_a_writer_that_asks_the_index_names_the_command_that_brings_records_back(lossy, run, seat, code, command):
    seat("codex-2")
    assert "bus_repair" in run(*command, code=code).err


@pytest.mark.parametrize(
    "command",
    [
        ("agent.bus_event", "log", "--event", "note", "--summary", "s"),
        ("agent.bus_message", "--task", "T-1", "--type", "note", "--summary", "s"),
        ("agent.bus_claim", "claim", "--task", "T-2"),
        ("agent.bus_ping",),
    ],
)
def test_a_writer_that_asks_nothing_names_it_as_well_and_only_then(lossy, run, command):
    done = run(*command, "--json")
    assert [note for note in done.json["notes"] if "1 record that was here is gone" in note]
    assert run("maintenance.bus_repair", "--apply") and "notes" not in run(*command, "--json").json
