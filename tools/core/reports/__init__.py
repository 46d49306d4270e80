"""Reports over receipts and plans.

receipts_index  every receipt and who cites it, as records
latency         how long evidence takes
manager         what a manager reports: tasks in hand, what plans owe, latencies
"""
