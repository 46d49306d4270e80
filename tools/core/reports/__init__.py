"""Reports over receipts and plans.

heartbeat       the verdict of the board as a check, and the alerts raised before
receipts_index  every receipt and its citations, as records
latency         the time from plans, notes and reflections to evidence
manager         the manager's report: current tasks, findings of plans, latencies
"""
