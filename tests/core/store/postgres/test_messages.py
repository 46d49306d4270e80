"""How many messages a command sends to the server, counted in the server's log."""

import pytest

from tests.core.conftest import a_message, an_event
from tools.core.models.bus import EVENTS
from tools.core.store.api import Append, Replace
from tools.core.store.postgres.store import PostgresStore

BUDGETS = {
    "agent.bus_event log --event note --summary x": 2,
    "agent.bus_event log --event note --summary x --task M-1": 5,
    "agent.bus_message --task M-1 --type note --summary x": 5,
    "agent.bus_claim claim --task NEW": 5,
    "agent.bus_claim release --task M-1": 5,
    "agent.bus_claim list": 5,
    "agent.bus_watch": 3,
    "agent.bus_watch --task M-1": 3,
    "agent.bus_inbox": 5,
    "agent.bus_status": 8,
    "agent.bus_heartbeat --dry-run": 15,
    "agent.coord_dashboard report --output -": 15,
    "agent.manager_report": 15,
    "agent.session_boot": 20,
    "agent.idle_pickup list": 5,
    "agent.bus_search word": 3,
}


@pytest.fixture
def busy(server, workspace, seat, monkeypatch):
    """Fills a bus of so many agents, each with a claim and a request, and points commands to it."""

    def fill(agents):
        address = server.new_bus()
        store = PostgresStore(workspace, address)
        changes = [Append(EVENTS, an_event(agent_id=f"codex-{n}", event="handshake")) for n in range(agents)]
        for n in range(agents):
            claim = {"task_id": f"M-{n}", "agent_id": f"codex-{n}", "status": "active", "branch": "b", "fence": 1,
                     "claimed_at": "2026-01-31T11:00:00Z"}  # fmt: skip
            ask = a_message(**{"from": f"codex-{n}"}, task_id=f"M-{n}", type="request", to="codex-1")
            changes += [Replace(f"claims/M-{n}", claim, ""), Append(f"messages/M-{n}", ask)]
        store.commit(changes)
        store.close()
        seat("codex-1", roles=["manager"])
        monkeypatch.setenv("TEOF_STORE", f"{address.url}#{address.bus}")

    return fill


@pytest.fixture
def counted(server, run):
    """Runs a command and counts what the server's log has of it."""

    def count(command):
        before = server.log.stat().st_size
        module, *arguments = command.split()
        run(module, *arguments)
        with open(server.log) as log:
            log.seek(before)
            return sum(line.startswith("teof ") and "LOG:  statement:" in line for line in log)

    return count


@pytest.mark.parametrize("agents", [2, 60])
@pytest.mark.parametrize("command", BUDGETS)
def test_a_command_keeps_to_its_messages_whatever_the_number_of_claims_and_agents(busy, counted, agents, command):
    busy(agents)
    assert 1 <= counted(command) <= BUDGETS[command]
