"""All agents' programs by name, each loaded only when it is asked for."""

from __future__ import annotations

from tools.core.plain import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.core.integrations.vendors.vendor import Vendor

NAMES = ("codex", "claude", "gemini", "copilot", "qwen", "opencode")


def vendor_of(name: str) -> Vendor | None:
    """The module of a program; None for one that is not known."""
    if name not in NAMES:
        return None
    package = __package__
    module = __import__(f"{package}.{name}", fromlist=["NAME"])
    vendor: Vendor = module
    return vendor
