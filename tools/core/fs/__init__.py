"""Files, locks and logs, below everything that knows what they hold.

strict_json  hooks of a JSON decoder that refuses what JSON does not have
modes        who may use a file that is made here
files        files below a trusted folder: no links followed, replaced whole, durable
together     many files put in place at once
folders      made durably, tried for writing, walked without following links
local_locks  whether a file system's locks exclude everybody
locks        one writer at a time
jsonl        logs of one JSON object a line
append       the end of a log, mended and appended to
follow       logs as they grow
"""
