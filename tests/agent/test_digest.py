"""The command `digest`: it only reads, and knows a seat's own last record."""

from __future__ import annotations

DIGEST = "agent.digest"


def test_it_writes_nothing(run, seat, git_repo):
    seat("boss", roles=["manager"])
    run("agent.bus_event", "log", "--event", "note", "--summary", "hello")
    before = sorted(path for path in git_repo.rglob("*") if ".cache" not in path.parts)
    assert "1 event, 0 messages, 1 seat" in run(DIGEST).out
    assert sorted(path for path in git_repo.rglob("*") if ".cache" not in path.parts) == before


def test_since_last_begins_with_the_seats_own_last_record(run, seat):
    seat("codex-1")
    written = run("agent.bus_event", "log", "--event", "note", "--summary", "hello", "--json").json
    asked = run(DIGEST, "--since", "last", "--json").json
    assert asked["since"] == written["ts"]


def test_last_needs_a_seat_and_a_bad_moment_is_refused(run, git_repo):
    run(DIGEST, "--since", "last", code=7)
    assert "neither a stamp nor a distance" in run(DIGEST, "--since", "soon", code=2).err


def test_markdown_is_a_list(run, seat):
    seat("boss", roles=["manager"])
    assert "- **NOW** 1 thing needs somebody" in run(DIGEST, "--format", "markdown").out
