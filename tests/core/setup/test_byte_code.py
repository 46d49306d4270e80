"""The toolkit's byte code is made where no command would keep it."""

import os
import sys

import pytest

from tools.core.setup import byte_code


@pytest.fixture
def module(tmp_path):
    """A module two folders down."""
    path = tmp_path / "package" / "module.py"
    path.parent.mkdir()
    path.write_text("x = 1\n")
    return path


def compiled(module):
    return {path.name: path.stat().st_mtime_ns for path in (module.parent / "__pycache__").glob("module.*.pyc")}


def test_what_python_does_not_keep_is_compiled_once_and_again_when_it_has_changed(module, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    byte_code.keep(str(module.parent.parent))
    first = compiled(module)
    byte_code.keep(str(module.parent.parent))
    assert len(first) == 1 and compiled(module) == first
    module.write_text("x = 2\n")
    os.utime(module, (1, 1))
    byte_code.keep(str(module.parent.parent))
    assert compiled(module) != first


def test_what_python_keeps_by_itself_and_what_is_no_module_is_left_alone(module, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    byte_code.keep(str(module.parent.parent))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module.write_text("x = \n")
    byte_code.keep(str(module.parent.parent))
    byte_code.keep(str(module.parent / "absent"))
    assert compiled(module) == {}
