"""Decisions: the ledger, their receipts, what is overdue."""
