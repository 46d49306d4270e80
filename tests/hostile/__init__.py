"""Hostile files, records, ids and text against every command."""
