"""Every block of the README works when it is pasted into a shell, one after the other, by somebody who has the wheel."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tests.conftest import CHECKOUT
from tests.test_installing import _installed, wheel  # noqa: F401  # the environment that has the wheel

pytestmark = pytest.mark.slow

README = (CHECKOUT / "README.md").read_text()
BLOCKS = [text for language, text in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S) if not language]
IDENTITY = {
    f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in (("NAME", "a"), ("EMAIL", "a@b.c"))
}


def test_the_first_block_is_what_a_fresh_clone_is_tried_with():
    names = re.findall(r"^make (\w+)", BLOCKS[0], re.M)
    assert names == ["demo", "test"]
    ran = (CHECKOUT / ".ci" / "run").read_text().splitlines()
    assert {f"make {name}" for name in names} <= set(ran)


def test_every_other_block_works_in_order_in_a_new_repository(_installed, tmp_path):  # noqa: F811
    folder = tmp_path / "project"
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    path = f"{_installed.python.parent}:{os.environ['PATH']}"
    home = {"HOME": str(tmp_path / "own-home"), "PATH": path, "LANG": "C.UTF-8", **IDENTITY}
    (tmp_path / "own-home").mkdir()
    answers = []
    for block in BLOCKS[1:]:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], cwd=folder, env=home, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        answers.append(done.stdout)
    assert "QUEUE-001 (active, fence 1" in "".join(answers) and list((folder / "_report" / "manager").glob("*.html"))


def test_it_is_short_and_its_pictures_are_there_in_light_and_dark():
    assert len(README.splitlines()) < 200
    pictures = re.findall(r'(?:srcset|src)="([^"]+)"', README)
    assert len(pictures) == 4 and all((CHECKOUT / picture).exists() for picture in pictures)
