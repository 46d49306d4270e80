"""The two scripts in git's common folder that configs and git's hooks start; what changes lives in them.

Sandboxed agents cannot write there, and the command lines in the configs, which people approve, never change.
"""

from __future__ import annotations

import os
import sys
from typing import NamedTuple

from tools.core.integrations.vendors.vendor import quoted


class Programs(NamedTuple):
    """What the scripts start: an interpreter, the toolkit's folder, and how texts spell the toolkit."""

    python: str
    tools: str
    command: str


_START = """\
import sys
sys.path.insert(0, {})
sys.argv[0] = "teof"
try:
    import teof
    teof.main()
except Exception:
    sys.exit(70)
"""
"""Starts the console script's function from the toolkit's own folder, whatever else is on the module path.

What Python itself fails with must not look like a finding, which is 1.
"""


def here(command: str) -> Programs:
    """The interpreter and the toolkit that run now."""
    tools = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return Programs(sys.executable, tools, command)


def hook(programs: Programs, level: str) -> str:
    """Starts the hook program without site packages or the user's environment; ends with 0 where something is missing."""
    return f"""\
#!/bin/sh
# Made by teof setup. Agents' programs start this at their events; it must end with 0 whatever is missing.
python={quoted(programs.python)}
program={quoted(programs.tools + "/agent/hook.py")}
[ -x "$python" ] && [ -f "$program" ] || exit 0
exec "$python" -I -S "$program" "$@" --guard {level} --command {quoted(programs.command)}
"""


def guard(programs: Programs) -> str:
    """Starts the guard of commits and pushes: findings stop them, a failure of the guard itself only warns."""
    return f"""\
#!/bin/sh
# Made by teof setup git. Git's hooks start this; only findings may stop a commit or a push.
python={quoted(programs.python)}
program={quoted(programs.tools + "/__main__.py")}
if [ ! -x "$python" ] || [ ! -f "$program" ]; then
  echo "teof: the guard is not installed any more; nothing was checked" >&2
  exit 0
fi
"$python" -I -c {quoted(_START.format(repr(os.path.dirname(programs.tools))))} guard "$@"
status=$?
[ "$status" -eq 0 ] && exit 0
[ "$status" -eq 1 ] && exit 1
echo "teof: the guard failed (exit $status); nothing was checked" >&2
exit 0
"""
