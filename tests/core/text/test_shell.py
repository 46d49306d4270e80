"""Hints as a shell takes them."""

import shlex

from hypothesis import given
from hypothesis import strategies as st

from tools.core import hint
from tools.core.text import shell


@given(st.text(alphabet="aZ0_@%+=:,./- '\"$`*~é\\", max_size=8))
def test_a_word_is_quoted_as_shlex_quotes_it(word):
    assert shell.line(hint.program("x", word), shell.as_module) == f"x {shlex.quote(word)}"


def test_what_the_user_fills_in_stands_in_double_quotes():
    for word, shown in (("…", '"…"'), ("TEOF_BUS=…", '"TEOF_BUS=…"'), ("=…", "'=…'"), ("bus=…", "'bus=…'")):
        assert shell.line(hint.program("x", word), shell.as_module) == f"x {shown}"
