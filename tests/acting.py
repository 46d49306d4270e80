"""Contexts for tests that call the core directly."""

from __future__ import annotations

from tools.core.context import Context


def context_of(workspace=None, **parts):
    """A context with the parts a test names; a store alone is enough for what asks for nothing else."""
    return Context(workspace, **parts)
