"""The version of the toolkit, and of each format that it writes for another run of it to read.

A format's number grows when a toolkit that knows only the number before would misread the file. The
table "Versions" in docs/formats.md says what each one covers.
"""

from __future__ import annotations

TOOLKIT = "0.1.0"
"""The build takes the version of the wheel from this line."""

BOARD = 1
BRANCH = 2
BUS = 1
HEARTBEAT = 1
INDEX = 12
JOURNAL = 1
PLAN = 0

FORMATS = {
    "board": BOARD,
    "branch": BRANCH,
    "bus": BUS,
    "heartbeat": HEARTBEAT,
    "index": INDEX,
    "journal": JOURNAL,
    "plan": PLAN,
}
"""Every format by the name that users read."""
