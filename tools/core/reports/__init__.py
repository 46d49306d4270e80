"""Reports over receipts and plans.

receipts_index  every receipt and its citations, as records
latency         the time from plans, notes and reflections to evidence
manager         the manager's report: current tasks, findings of plans, latencies
"""
