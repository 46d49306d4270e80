"""What doctor says of a hook that takes long."""

from __future__ import annotations

import pytest

from tools.core import hint
from tools.core.setup.probes import running


@pytest.mark.parametrize(
    "bare, helps, words",
    [
        (0.02, hint.tool("agent.setup", "codex"), "it takes 400 ms, and Python alone 20 ms"),
        (0.2, hint.program("uptime"), "it takes 400 ms, and Python alone 200 ms: this machine is slow or busy"),
    ],
)
def test_setup_is_named_only_where_the_hook_and_not_the_machine_is_slow(bare, helps, words) -> None:
    probe = running.slow(0.4, bare, "codex")
    assert (probe.status, probe.detail, probe.fix) == ("warn", words, helps)
