"""Of many changes that are searched for secrets at once each is written as it would be alone."""

from __future__ import annotations

from tools.core.models.bus import EVENTS
from tools.core.store.api import Append, Expect, Replace
from tools.core.store.redacted import without_secrets

TOKEN = "ghp_" + "a1B2c3D4" * 5


def test_a_secret_among_many_changes_is_replaced_and_the_others_stay_as_they_are():
    changes = [
        Replace(f"claims/T-{number}", {"notes": f"step {number}", "paths": ["src/**"]}, "") for number in range(200)
    ]
    changes[7] = Replace("claims/T-7", {"notes": "x", "meta": {"paths": ["a", f"use {TOKEN}"]}}, "")
    changes[150] = Append(EVENTS, {"summary": TOKEN})
    changes[151] = Expect("claims/T-151", "")
    written = without_secrets(changes)
    assert written == [part for change in changes for part in without_secrets([change])]
    assert [number for number in range(200) if written[number] != changes[number]] == [7, 150]
    assert TOKEN not in str(written)
