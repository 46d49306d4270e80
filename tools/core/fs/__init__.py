"""Files, locks and logs, below everything that knows what they hold.

files   files below a trusted folder: no links followed, replaced whole, durable
locks   one writer at a time
jsonl   logs of one JSON object a line
follow  logs as they grow
"""
