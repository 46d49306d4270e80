"""What doctor says of a server: each probe by its name, with what is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.acting import context_of
from tools.core.errors import SetupError
from tools.core.seats.seat import Seat
from tools.core.setup.probes import server as server_probes
from tools.core.setup.probes.probe import Probe
from tools.core.store.signpost import Address
from tools.core.workspace import Workspace

Probes = Callable[..., dict[str, Probe]]


@pytest.fixture
def probes(server: Any, workspace: Workspace, tmp_path: Any, seat: Any) -> Probes:
    """The probes of a bus by name, for the seat codex-1: `probes(address)`."""
    seat("codex-1")

    def ask(address: Address) -> dict[str, Probe]:
        here = Workspace(workspace.root, workspace.bus_root, store=f"{address.url}#{address.bus}")
        context = context_of(here, seat=Seat("codex-1", None))
        return {probe.name: probe for probe in server_probes.probes(context, str(tmp_path), None)}

    return ask


def test_a_sound_server_passes_but_for_the_export_that_is_none(server: Any, probes: Probes) -> None:
    states = {name: probe.status for name, probe in probes(server.new_bus()).items()}
    assert states.pop("server.export") == "warn"
    assert set(states) == {"server", "server.way", "server.schema", "server.rights", "server.clock"}
    assert set(states.values()) == {"pass"}


def test_a_bus_that_is_absent_or_sealed_fails(server: Any, probes: Probes) -> None:
    address = server.new_bus()
    server.connection.tell("SELECT teof.seal_1(%s, true)", address.bus)
    assert "is sealed" in probes(address)["server"].detail
    assert probes(address._replace(bus="absent"))["server"].status == "fail"


def test_a_login_that_is_bound_to_another_seat_fails(
    server: Any, probes: Probes, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, role = server.new_bus(), f"role_{os.urandom(4).hex()}"
    run("maintenance.bus_server", "grant", "--url", address.url, "--role", role, "--seat", "claude-*")
    monkeypatch.setenv("PGUSER", role)
    probe = probes(address)["server.rights"]
    assert probe.status == "fail" and probe.detail.endswith("may write for claude-*, not for codex-1")


def test_a_password_that_others_may_read_is_a_warning(server: Any, probes: Probes, tmp_path: Any) -> None:
    (tmp_path / ".pgpass").write_text("*:*:*:*:x\n")
    os.chmod(tmp_path / ".pgpass", 0o644)
    assert "may be read by others" in probes(server.new_bus())["server.way"].detail


@pytest.mark.parametrize(
    "url, mode",
    [("postgresql://db.example/bus", "verify-full"), ("postgresql://db.example/bus?sslmode=require", "require"),
     ("postgresql://localhost/bus", ""), ("postgresql:///bus", "")],
)  # fmt: skip
def test_the_mode_of_tls_is_the_strictest_unless_the_address_says_less(url: str, mode: str) -> None:
    assert Address(url, "bus").sslmode == mode


def test_a_server_that_is_away_is_an_error_with_its_address(probes: Probes, tmp_path: Any) -> None:
    with pytest.raises(SetupError) as refused:
        probes(Address(f"postgresql:///bus?host={tmp_path}", "bus"))
    assert refused.value.code == "store.unreachable"
