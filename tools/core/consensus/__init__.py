"""Decisions, from proposal to closing.

receipts   decisions and the receipts that carry them
ledger     the table of decided things
decisions  decisions from proposal to closing, and which are overdue
"""
