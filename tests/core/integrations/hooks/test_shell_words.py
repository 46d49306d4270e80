"""The files that a shell command changes, as far as its words say so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.core.integrations.hooks import patch, shell_words


@pytest.mark.parametrize(
    ("line", "targets"),
    [
        ("echo x > a.txt", ["a.txt"]),
        ("echo x >> a.txt 2>&1", ["a.txt"]),
        ("echo x >| 'a b.txt'", ["a b.txt"]),
        ("make 2>err.log >out.log", ["err.log", "out.log"]),
        ("make &> all.log", ["all.log"]),
        ("cat a | tee -a b c", ["b", "c"]),
        ("sed -i s/a/b/ x.py y.py", ["x.py", "y.py"]),
        ("sed -i -e s/a/b/ x.py", ["x.py"]),
        ("sed s/a/b/ x.py", []),
        ("rm -rf -- -odd src", ["-odd", "src"]),
        ("mv a b && cp c d", ["a", "b", "d"]),
        ("truncate -s 0 log", ["log"]),
        ("touch a; git rm b; git mv c d; git add e", ["a", "b", "c", "d"]),
        ("sudo FOO=1 rm a", ["a"]),
        ("/bin/rm a", ["a"]),
        ('echo "quoted > not"', []),
        ("echo x > /dev/null", []),
        ("# rm a", []),
        ("rm a # b", ["a"]),
    ],
)
def test_literal_targets_are_told(line, targets):
    assert shell_words.targets_of(line) == targets


@pytest.mark.parametrize(
    "line", ["rm $FILE", "rm `ls`", 'rm "$FILE"', "cat <<EOF > x\nEOF", "rm ~/x", "rm {a,b}", "rm 'open"]
)
def test_it_gives_up_at_what_it_does_not_understand(line):
    assert shell_words.targets_of(line) == []


def test_what_came_before_the_unknown_still_counts():
    assert shell_words.targets_of("rm a; rm $B") == ["a"]


@given(st.text())
def test_any_text_has_targets_without_an_error(text):
    assert all(isinstance(target, str) for target in shell_words.targets_of(text))


def test_a_patch_names_every_file_in_its_headers():
    text = (
        "*** Begin Patch\n*** Add File: a\n+x\n*** Update File: b\n*** Move to: c\n*** Delete File: d\n*** End Patch\n"
    )
    assert patch.paths_of(text) == ["a", "b", "c", "d"]
