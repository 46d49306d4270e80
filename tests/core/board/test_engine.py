"""The code of templates is kept as Python keeps that of modules, and whatever happens to it the page is the same."""

from __future__ import annotations

import os
import sys

import jinja2
import pytest

from tools.core.board.page import engine, html


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The folder in which code is kept; nothing is in it yet."""
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "kept"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    engine._environment.cache_clear()
    yield tmp_path / "kept"
    engine._environment.cache_clear()


@pytest.fixture
def compiled(monkeypatch):
    """The names of the templates that were compiled."""
    names = []
    compile_template = jinja2.Environment.compile

    def counting(self, source, name=None, *more, **options):
        names.append(name)
        return compile_template(self, source, name, *more, **options)

    monkeypatch.setattr(jinja2.Environment, "compile", counting)
    return names


def again(seen):
    """The page as another process makes it."""
    engine._environment.cache_clear()
    return html.document(seen)


def files(kept):
    return sorted(path for path in kept.rglob("*") if path.is_file() and "templates" in path.parts)


def test_a_template_is_compiled_once(seen, kept, compiled):
    first = html.document(seen)
    assert len(files(kept)) == len(compiled) == 10 and {path.suffix for path in files(kept)} == {".pyc"}
    assert again(seen) == first and len(compiled) == 10


def test_code_that_is_damaged_or_of_another_template_is_made_anew(seen, kept, compiled):
    first = html.document(seen)
    whole = {path: path.read_bytes() for path in files(kept)}
    for number, (path, data) in enumerate(whole.items()):
        path.write_bytes((b"", data[:70], b"x" + data[1:], b"\xff" * 400)[number % 4])
    assert again(seen) == first and len(compiled) == 20
    assert {path: path.read_bytes()[:64] for path in files(kept)} == {path: data[:64] for path, data in whole.items()}


def test_code_of_another_compiler_or_of_another_engine_is_not_used(seen, kept, compiled, monkeypatch):
    first = html.document(seen)
    later = kept.parent / "engine.py"
    later.write_text("# another")
    monkeypatch.setattr(engine, "__file__", str(later))
    assert again(seen) == first and len(compiled) == 20


def test_nothing_is_written_where_python_writes_nothing_or_may_not(seen, kept, compiled, monkeypatch):
    kept.write_text("a file where the folder would be")
    first = html.document(seen)
    assert again(seen) == first and len(compiled) == 20 and kept.is_file()
    kept.unlink()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert again(seen) == first and not os.path.exists(kept)
