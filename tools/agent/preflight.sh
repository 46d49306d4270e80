#!/usr/bin/env bash
# Runs every check that CI runs; finds a Python that has the toolkit's dependencies by itself.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
toolkit=$(cd "$here/../.." && pwd -P)
for python in "${VIRTUAL_ENV:+$VIRTUAL_ENV/bin/python}" python3 python "$toolkit/.venv/bin/python"; do
  if [ -n "$python" ] && "$python" -c 'import sys, click, pydantic; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    exec "$python" "$here/preflight.py" "$@"
  fi
done
echo "error: no Python 3.11 with the toolkit's dependencies was found" >&2
echo "hint: make -C $toolkit setup" >&2
exit 7
