#!/usr/bin/env bash
# Runs every check that CI runs; finds a Python that has the toolkit's dependencies by itself.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
toolkit=$(cd "$here/../.." && pwd -P)
# Looks for the dependencies without importing them: the current folder may hold a click.py.
suits='import sys; from importlib.util import find_spec
sys.exit(sys.version_info < (3, 11) or not (find_spec("click") and find_spec("pydantic")))'
for python in "${VIRTUAL_ENV:+$VIRTUAL_ENV/bin/python}" python3 python "$toolkit"/{.venv,../../..}/bin/python; do
  if [ -n "$python" ] && "$python" -P -c "$suits" 2>/dev/null; then
    exec "$python" "$here/preflight.py" "$@"
  fi
done
echo "error: no Python 3.11 with the toolkit's dependencies was found" >&2
echo "hint: make -C $toolkit setup" >&2
exit 7
