"""Decisions, from proposal to closing.

receipts   the receipts of decisions
ledger     the ledger of decisions
decisions  decisions from proposal to closing, and which are overdue
"""
