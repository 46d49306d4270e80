"""Checks and repairs that CI and people run."""
