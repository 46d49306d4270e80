"""A mistyped command is answered with the command to type, where there is one."""

from __future__ import annotations

import pytest

from tests.command_lines import hints_in
from tools.agent import bus_claim
from tools.core.cli.mistyped import corrected


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("claim QUEUE-012", "claim --task QUEUE-012"),
        ("--task QUEUE-012 claim", "claim --task QUEUE-012"),
        ("--json claim QUEUE-012", "claim --json --task QUEUE-012"),
        ("clam T --plann 2026-01-01-x", "claim --task T --plan 2026-01-01-x"),
        ("pause --task T --notez=x", "pause --task T --notes=x"),
    ],
)
def test_what_was_meant_is_shown_as_the_command_takes_it(typed, meant):
    assert corrected(bus_claim.main, typed.split()) == meant.split()


@pytest.mark.parametrize(
    "typed", ["claim", "", "claim --task T", "claim A B", "claim --task", "frobnicate T", "claim ../x"]
)
def test_what_can_be_meant_in_no_way_or_in_several_is_not_guessed(typed):
    assert corrected(bus_claim.main, typed.split()) is None


def test_the_hint_is_the_command_and_values_stay_as_they_were_typed(run):
    refused = run("agent.bus_event", "log", "--event", "note", "--sumary", "it's; done", code=2)
    (line,) = hints_in(refused.err)
    assert line.endswith("""bus_event log --event note --summary 'it'"'"'s; done'""")
    assert hints_in(run("agent.bus_event", "log", code=2).err)[0].endswith("bus_event log --help")
