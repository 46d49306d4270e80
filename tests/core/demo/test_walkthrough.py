"""A walkthrough is read from Markdown, and what a command says is compared with it line by line."""

from __future__ import annotations

import pytest

from tools.core.demo.walkthrough import Ending, File, Scene, Showing, Step, judge, load, names, parse

PAGE = """\
# A page

Words before the first scene.

## It begins

Why it
matters.

```console
a $ git init
a $ git status
…
## not a scene, but a line
[1]
```

```python b/x/y.py
print("## nor this")
```

## Both at once

```console whole
a & b $ claim --task <task>
<winner> holds it
[0]
error: …
[4]
```
"""


def test_scenes_steps_and_files_are_read_in_their_order():
    assert parse(PAGE) == [
        Scene(
            "It begins",
            "Why it matters.",
            [
                Step(["a"], "git init", [Ending()]),
                Step(["a"], "git status", [Ending(["…", "## not a scene, but a line"], 1)]),
                File("b", "x/y.py", 'print("## nor this")\n'),
            ],
        ),
        Scene(
            "Both at once",
            "",
            [
                Step(
                    ["a", "b"],
                    "claim --task <task>",
                    [Ending(["<winner> holds it"], 0), Ending(["error: …"], 4)],
                    showing=Showing.WHOLE,
                )
            ],
        ),
    ]


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ([], []),
        (["one", "two"], ["one", "two"]),
        (["…"], []),
        (["…"], ["one", "two"]),
        (["…", "two", "…"], ["one", "two", "three"]),
        (["…", "two"], ["one", "and", "two"]),
        (["o…", "…w…"], ["one", "two"]),
        (["(a.b)* …"], ["(a.b)* and more"]),
        ([""], [""]),
    ],
)
def test_an_output_as_expected_has_no_deviation(expected, said):
    assert judge(Ending(expected), 0, said, {}).deviations == ()


@pytest.mark.parametrize(
    ("expected", "said", "deviation"),
    [
        ([], ["one"], "says more: 'one'"),
        (["one"], [], "does not say 'one'"),
        (["one"], ["two", "one"], "does not say 'one'"),
        (["…", "two", "one"], ["one", "two"], "does not say 'one'"),
        (["one"], ["one", "two"], "says more: 'two'"),
        (["(a.b)*"], ["(axb)*"], "does not say '(a.b)*'"),
        (["one …"], ["one"], "does not say 'one …'"),
    ],
)
def test_a_missing_line_a_wrong_order_and_a_line_too_many_are_deviations(expected, said, deviation):
    assert judge(Ending(expected), 0, said, {}).deviations == (deviation,)


def test_a_wrong_exit_code_is_a_deviation():
    assert judge(Ending([], 3), 0, [], {}).deviations == ("ended with 0, not 3",)


def test_a_name_stands_for_what_was_there_when_it_was_first_met():
    values = {}
    assert (
        judge(Ending(["… -> <path>, cited by …"]), 0, ["run -> _report/a-1.json, cited by S1"], values).deviations == ()
    )
    assert values == {"path": "_report/a-1.json"}
    assert judge(Ending(["<path> verified"]), 0, ["_report/a-1.json verified"], values).deviations == ()
    assert judge(Ending(["<path> verified"]), 0, ["_report/b-2.json verified"], values).deviations != ()


def test_the_lines_that_were_expected_are_told_apart():
    assert judge(Ending(["…", "two", "…"]), 0, ["one", "two", "three"], {}).lines == {1}


def test_the_walkthroughs_lie_beside_the_module():
    assert "playbook" in names()
    assert all(scene.steps and scene.why for scene in load("playbook"))
