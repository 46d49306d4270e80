"""Coordination of several coding agents and a manager through plain files in one git repository."""
