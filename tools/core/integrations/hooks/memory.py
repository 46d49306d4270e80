"""What a hook has said already: small files in `_bus/.cache/`.

They can be lost at any time: then something is said once more, or not at all where it could not be remembered.
"""

from __future__ import annotations

import os

from tools.core import plain_json
from tools.core.hashing import sha256_hex
from tools.core.plain import TYPE_CHECKING
from tools.core.store.files import small

if TYPE_CHECKING:
    from tools.core.workspace import Workspace

MAX_LOG = 64 * 1024
_MAX_REMEMBERED = 500


def read(workspace: Workspace, name: str) -> dict[str, object]:
    """A remembered document; empty when it is damaged or not there."""
    try:
        return plain_json.load_object(small.read(workspace.cache.child(name).path) or b"")
    except ValueError:
        return {}


def write(workspace: Workspace, name: str, document: dict[str, object]) -> bool:
    """Remembers a document; whether that could be done."""
    return small.replace(workspace.cache.child(name).path, plain_json.dumps(document).encode("utf-8", "replace"))


def mail_name(agent: str) -> str:
    """How far the mail of an agent has been mentioned."""
    return f"told/{agent}.json"


def touched_name(agent: str) -> str:
    """Which files an agent changed lately."""
    return f"touched/{agent}.json"


def session_name(agent: str, session: str) -> str:
    """What was said in one session; sessions without a name share one for each seat."""
    return f"hook/{sha256_hex((session or f'seat:{agent}').encode('utf-8', 'replace'))[:32]}.json"


def once(workspace: Workspace, name: str, key: str, values: list[str]) -> list[str]:
    """Those of some values that were not remembered under a key yet; none when they cannot be remembered now."""
    document = read(workspace, name)
    earlier = document.get(key)
    before = [value for value in earlier if isinstance(value, str)] if isinstance(earlier, list) else []
    new = [value for value in dict.fromkeys(values) if value not in before]
    if not new:
        return []
    document[key] = [*before, *new][-_MAX_REMEMBERED:]
    return new if write(workspace, name, document) else []


# -- the hook's own failures ----------------------------------------------------------------------


def log_failure(workspace: Workspace, line: str) -> None:
    """Keeps one line about a failure, the newest 64 KiB of them."""
    path = workspace.cache.child("hook.log").path
    earlier, size, _ = small.tail(path, 0, MAX_LOG // 2)
    data = line.encode("utf-8", "replace")[:300] + b"\n"
    if size > MAX_LOG - len(data):
        small.replace(path, earlier.partition(b"\n")[2] + data)
        return
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o666)
    except OSError:
        return
    try:
        os.write(descriptor, data)
    except OSError:
        pass
    finally:
        os.close(descriptor)
