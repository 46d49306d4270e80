"""The promises against hostile text, foreign data and unlucky machines, weakened one at a time."""

from __future__ import annotations

from tests.mutation import Mutation

SECRETS = "tests/core/text/test_secrets.py"
DECISIONS = "tests/core/consensus/test_decisions.py"
JOURNAL = "tests/core/store/test_journal.py"
OUTPUTS = "tests/core/receipts/test_outputs.py"
REPAIR = "tests/maintenance/test_bus_repair.py"
DOOR = "tests/core/sync/test_door.py"

FIELD = (
    Mutation(
        "variation selectors not shown",
        "tools/core/text/terminal.py",
        "\\ufe00-\\ufe0f",
        "",
        ("tests/core/text/test_terminal.py",),
        "not_seen",
    ),
    Mutation(
        "what a forge makes live left as it is",
        "tools/core/text/markdown.py",
        "        shown = re.sub(pattern, replacement, shown)\n",
        "        pass\n",
        ("tests/core/text/test_markdown.py",),
    ),
    Mutation(
        "an id that is a secret accepted",
        "tools/core/ids.py",
        "    if has_secret(text):\n",
        "    if False:\n",
        (SECRETS,),
        "an_id",
    ),
    Mutation(
        "a long line parted inside a token",
        "tools/core/text/secrets.py",
        "    cut = len(line) - _LONGEST\n",
        "    cut = len(line)\n",
        (SECRETS,),
        "parted",
    ),
    Mutation(
        "words taken for a secret",
        "tools/core/token_shapes.py",
        'return kind == "private-key" or re.fullmatch(_WORDS, match) is None',
        "return True",
        (SECRETS,),
        "words",
    ),
    Mutation(
        "an output over what another command made",
        "tools/core/receipts/outputs.py",
        "    if present and (kind is None or kind_of(present) != kind):\n",
        "    if False:\n",
        (OUTPUTS,),
        "replace_what_another",
    ),
    Mutation(
        "one name for all who build a file",
        "tools/core/fs/files.py",
        ".{os.urandom(4).hex()}.tmp",
        ".tmp",
        ("tests/races/test_replaced_files.py",),
    ),
    Mutation(
        "a process that a run left behind not spoken of",
        "tools/core/receipts/process.py",
        "self.is_left_open = not any(",
        "self.is_left_open = bool(0) and any(",
        ("tests/agent/test_receipt_run.py",),
        "left_behind",
    ),
    Mutation(
        "evidence that is not there counted",
        "tools/core/consensus/decisions.py",
        "    receipts = tuple(path for path in cited if path in existing)\n",
        "    receipts = tuple(cited)\n",
        (DECISIONS,),
        "not_there",
    ),
    Mutation(
        "the journal of a newer toolkit done",
        "tools/core/store/files/journal.py",
        "    if version == versions.JOURNAL and not strange:\n",
        "    if True:\n",
        (JOURNAL,),
        "another_toolkit",
    ),
    Mutation(
        "a journal that was changed done",
        "tools/core/store/files/journal.py",
        '    if "version" in intent and intent.get("sha256") != _checksum(changes):\n',
        "    if False:\n",
        (JOURNAL,),
        "was_changed",
    ),
    Mutation(
        "a claim brought back whose fence jumps",
        "tools/core/store/files/repair.py",
        " and source.admits_claim(task, content, highest, fences)",
        "",
        (REPAIR,),
        "jumps",
    ),
    Mutation(
        "a line let in whose names are no ids",
        "tools/core/sync/door.py",
        "        if len(value) > ids.NAME_LENGTH or _SAFE.fullmatch(value) is None:\n",
        "        if False:\n",
        (DOOR,),
    ),
    Mutation(
        "a fence let in that jumps",
        "tools/core/sync/door.py",
        '    return "" if fence <= highest + 1 or without_event <= 1 else',
        '    return "" if True else',
        (DOOR,),
    ),
    Mutation(
        "an index of another bus believed",
        "tools/core/store/files/index/owner.py",
        "    if indexed.folder and indexed.folder != owner.folder and",
        "    if False and",
        ("tests/core/store/test_index_faults.py",),
        "another_bus",
    ),
)
