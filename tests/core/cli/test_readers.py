"""Both readers of the declarations: one gives the values that the other gives, or leaves the words to it."""

import importlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.command_lines import require_one_reading
from tests.test_imports import COMMANDS
from tools.core.cli import app as cli
from tools.core.cli import plain_reader
from tools.core.cli.decorators import Group, Option

TEXTS = ["", "x", "T-1", "codex-1", "status", "active", "high", "20", "0", "-1", "007", "1_0", "90m", "24h", "0.5s"]
TEXTS += ["2026-01-31T12:00:00Z", "2026-01-31-login", "key=value", "two\nlines", "-", "--", "--json", "a b", "…", "é"]


def leaves(command, words=()):
    """Each command below one, with the words that lead to it."""
    if not isinstance(command, Group):
        yield words, command
        return
    for word, part in command.commands.items():
        yield from leaves(part, (*words, word))


ALL = [
    (main, words, leaf)
    for name in COMMANDS
    for main in [importlib.import_module(name).main]
    for words, leaf in leaves(main)
]


@st.composite
def command_lines(draw):
    """A command and words of which most are its own."""
    main, words, leaf = draw(st.sampled_from(ALL))
    names = [
        name for part in leaf.parts if isinstance(part, Option) for option in part.names for name in option.split("/")
    ]
    texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=4))
    required = [
        (part.names[0], draw(texts)) if isinstance(part, Option) else (draw(texts),)
        for part in leaf.parts
        if part.is_required
    ]
    one = st.one_of(
        st.tuples(st.sampled_from(names), texts),
        st.builds(lambda name, text: (f"{name}={text}",), st.sampled_from(names), texts),
        st.tuples(st.sampled_from([*names, "-h", "--help", "--", "--js", "word"])),
    )
    pairs = draw(st.permutations([*(required if draw(st.booleans()) else []), *draw(st.lists(one, max_size=5))]))
    begin = words if draw(st.integers(0, 9)) else words[:-1]
    return main, [*begin, *(word for pair in pairs for word in pair)]


@settings(max_examples=600)
@given(command_lines())
def test_on_any_words_both_readers_give_the_same_values_or_click_decides(line):
    main, words = line
    require_one_reading(main, words)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("bus_event", "log --event note --summary x --extra a=1 --extra b=2 --json"),
        ("bus_message", "--task T --type=note --summary x --reply-to= --target codex-2"),
        ("bus_claim", "claim --task T --paths src/** --exclusive --stale-after 24h"),
        ("bus_watch", "--task T --limit 20 --since 24h --severity high"),
        ("bus_status", "--preset manager --window-hours 24"),
        ("idle_pickup", "next --root ."),
        ("session_boot", "--no-sync --no-dashboard --sync"),
        ("bus_ping", ""),
        ("task_import", "--update beads --json -"),
        ("task_export", "markdown"),
        ("bus_search", "two words --limit 5 more"),
    ],
)
def test_whole_names_with_good_values_are_read_without_click(module, line):
    assert require_one_reading(importlib.import_module(f"tools.agent.{module}").main, line.split())


@pytest.mark.parametrize(
    "line",
    ["-h", "--help", "--lim 5", "--limit", "--limit x", "--limit 1_0", "--follow=yes", "word", "--", "--severity odd"],
)
def test_what_has_to_be_explained_is_left_to_click(line):
    assert plain_reader.read(importlib.import_module("tools.agent.bus_watch").main, line.split()) is None


def test_a_default_subcommand_may_be_left_out_but_not_where_a_help_is_wanted():
    main = cli.group("A group.", default="list")
    listing = cli.command(main, "list")(lambda run: None)
    for words in ([], ["--json"], ["list", "--json"]):
        reading = plain_reader.read(main, words)
        assert reading is not None and reading.command is listing
    assert plain_reader.read(main, ["--help"]) is None
