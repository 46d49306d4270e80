"""Other people's config files: what we put in is all that differs, and taking it out leaves the very bytes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core.errors import ConflictError, DataError
from tools.core.integrations.vendors import registry
from tools.core.integrations.vendors.vendor import Entry, FileWish, Where
from tools.core.setup.config import merge

WHERE = Where("/m", ("/m", "/w"), "/m/.git", "/home/x", ("/bin/teof", "mcp"), allow_commits=True)
CLAUDE = registry.vendor_of("claude").files(WHERE)[0]
GEMINI = registry.vendor_of("gemini").files(WHERE)[0]
CODEX = registry.vendor_of("codex").files(WHERE)[2]
BLOCK = FileWish("/m/AGENTS.md", "html", text="- one\n- two\n")
SHELL = FileWish("/m/.git/hooks/pre-commit", "shell", text="true")

JSONS = [
    b'{"a":1}',
    b'{\n  "a": 1\n}',
    b'{\r\n\t"a": {"b": [1, 2]},\r\n\t"hooks": {"PreToolUse": [{"hooks": []}]}\r\n}\r\n',
    '\ufeff{\n    "\u00e4": "\\u00e4\u00fc\U0001f600",\n    "permissions": {\n        "allow": ["x"],\n        "deny": []\n    }\n}'.encode(),
    b'{\n\t"hooks": {},\n\t"permissions": {"allow": []}\n}\n\n',
    b'  {"sandbox": {"filesystem": {"allowWrite": ["/else"]}}, "z": null}\n',
    b'{"hooks": {"PreToolUse": [\n{"matcher": "Bash", "hooks": [{"type": "command", "command": "mine"}]}]}}',
]
TOMLS = [
    b'# c\nmodel = "x" # y\n\n[sandbox_workspace_write]\nwritable_roots = ["/a", # keep\n  "/b"]\n',
    b'[mcp_servers.other]\ncommand = "x"\n\n[profiles.a]\nx=1\n',
    b'\xef\xbb\xbfa = 1\r\nb = "\xc3\xa4"\r\n',
    b"a = 'lit'\r\n[mcp_servers]\r\n",
    b"sandbox_workspace_write.network_access = true\n",
]
TEXTS = [b"# Title\n", b"# Title\n\ntext", b"a\r\nb\r\n", b"\xef\xbb\xbf# T\n", "# \u00fcber\n\n".encode(), b"\ttabs\n"]


@pytest.mark.parametrize("data", JSONS)
@pytest.mark.parametrize("wish", [CLAUDE, GEMINI], ids=["claude", "gemini"])
def test_json_gets_what_is_missing_and_gives_the_same_bytes_back(data, wish):
    put = merge.put(data, wish)
    assert merge.missing(put, wish) == [] and merge.put(put, wish) == put
    assert merge.take(put, wish, WHERE.launcher, merge.containers(data, wish)) == (data, [])


@pytest.mark.parametrize("data", TOMLS)
def test_toml_keeps_comments_order_and_quoting(data):
    put = merge.put(data, CODEX)
    assert merge.missing(put, CODEX) == [] and merge.put(put, CODEX) == put
    assert merge.take(put, CODEX, WHERE.launcher, merge.containers(data, CODEX)) == (data, [])


@pytest.mark.parametrize("data", TEXTS)
def test_a_block_is_put_at_the_end_and_taken_out_again(data):
    put = merge.put(data, BLOCK)
    assert merge.missing(put, BLOCK) == [] and merge.put(put, BLOCK) == put
    taken = merge.take(put, BLOCK, "").data
    assert taken == data or taken == data + (b"\r\n" if b"\r" in data else b"\n")  # a last line gets its end


@pytest.mark.parametrize("wish", [CLAUDE, GEMINI, CODEX, BLOCK, SHELL], ids=lambda wish: wish.form)
def test_of_a_file_that_holds_only_ours_nothing_is_left(wish):
    assert merge.take(merge.put(None, wish), wish, WHERE.launcher) == (None, [])


def test_what_stands_keeps_its_place_spelling_and_indent():
    data = b'{\n    "b": "\\u00e4",\n    "a": 1.0\n}\n'
    put = merge.put(data, GEMINI).decode()
    assert put.startswith('{\n    "b": "\\u00e4",\n    "a": 1.0,\n    "hooks": {\n        "SessionStart": [')


def test_groups_are_appended_after_those_that_stand():
    mine = {"matcher": "Bash", "hooks": [{"type": "command", "command": "mine"}]}
    put = json.loads(merge.put(json.dumps({"hooks": {"PreToolUse": [mine]}}).encode(), CLAUDE))
    assert put["hooks"]["PreToolUse"][0] == mine and len(put["hooks"]["PreToolUse"]) == 2


def test_a_word_where_one_is_allowed_becomes_a_list():
    put = json.loads(merge.put(b'{"context": {"fileName": "X.md"}}', GEMINI))
    assert put["context"]["fileName"] == ["X.md", "AGENTS.md"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"a":1,}', ":1: not JSON"),
        (b'{\n"a":1 // c\n}', ":2: not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"hooks": []}', ":1: hooks is not an object"),
        (b'{\n"hooks": {"PreToolUse": {}}}', ":2: hooks.PreToolUse is not a list"),
        (b'{"a":1,"a":2}', "twice"),
        (b"\xff{}", "not UTF-8"),
    ],
)
def test_damage_and_wrong_kinds_are_refused_with_a_place_and_the_fragment(data, words):
    with pytest.raises(DataError) as refusal:
        merge.put(data, CLAUDE)
    assert words in refusal.value.message
    assert "not UTF-8" in words or "PreToolUse" in str(refusal.value.details["fragment"])


@pytest.mark.parametrize("data", [b"x = [", b"mcp_servers = 1\n", b"[sandbox_workspace_write]\nwritable_roots = 'x'\n"])
def test_toml_that_is_damaged_or_of_another_kind_is_refused(data):
    with pytest.raises(DataError):
        merge.put(data, CODEX)


def test_a_server_of_our_name_that_is_not_ours_is_a_conflict():
    with pytest.raises(ConflictError, match=r"mcpServers\.teof"):
        merge.put(b'{"mcpServers": {"teof": {"command": "other"}}}', GEMINI)
    with pytest.raises(ConflictError, match=r"mcp_servers\.teof"):
        merge.put(b'[mcp_servers.teof]\ncommand = "other"\n', CODEX)


def test_a_value_of_ours_is_replaced_in_place_by_the_next_one():
    old = FileWish("/x", "json", (Entry(("mcpServers", "teof"), {"command": "old"}),))
    new = FileWish("/x", "json", (Entry(("mcpServers", "teof"), {"command": "new"}),))
    put = merge.put(b'{"mcpServers": {"teof": {"command": "old"}, "other": {}}}', new, old.entries)
    assert put == b'{"mcpServers": {"teof": {"command": "new"}, "other": {}}}'


def test_an_entry_of_ours_that_was_edited_stays_and_is_named():
    edited = merge.put(None, CLAUDE).replace(b'"timeout": 3', b'"timeout": 9')
    rest, left = merge.take(edited, CLAUDE, WHERE.launcher)
    assert left == ["hooks/SessionEnd"] and b'"timeout": 9' in (rest or b"")


@pytest.mark.parametrize(
    "text", ["<!-- teof:begin v1 -->\n", "<!-- teof:end -->\n", "<!-- teof:end -->\n<!-- teof:begin v1 -->\n"]
)
def test_one_marker_without_the_other_is_refused(text):
    with pytest.raises(DataError, match="do not stand in one pair"):
        merge.put(text.encode(), BLOCK)


def test_an_old_block_is_replaced_where_it_stands():
    old = merge.put(b"# A\n", BLOCK._replace(text="old\n")) + b"\nbelow\n"
    put = merge.put(old, BLOCK)
    assert (
        put.startswith(b"# A\n\n<!-- teof:begin v1 -->\n- one\n") and put.endswith(b"\nbelow\n") and b"old" not in put
    )


def test_a_script_gets_the_block_below_its_shebang():
    put = merge.put(b"#!/bin/bash\necho mine\n", SHELL)
    assert put == b"#!/bin/bash\n# teof:begin v1\ntrue\n# teof:end\necho mine\n"
    assert merge.take(put, SHELL, "").data == b"#!/bin/bash\necho mine\n"


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
)


@given(st.dictionaries(st.text(), plain), st.sampled_from([None, 2, "\t"]), st.booleans())
def test_any_json_comes_back_byte_for_byte(document, indent, ascii_only):
    document.pop("hooks", None)
    for key in ("permissions", "sandbox"):
        document.pop(key, None)
    data = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        put = merge.put(data, CLAUDE)
    except DataError:
        return  # lone surrogates have no UTF-8
    rest = merge.take(put, CLAUDE, WHERE.launcher, merge.containers(data, CLAUDE)).data
    assert json.loads(put)["permissions"] and rest == (data if document else None)
