"""The one rule of hooks, commits, pushes and the server."""

from hypothesis import given
from hypothesis import strategies as st

from tools.core.bus.rules import path_rule
from tools.core.models.lenient import claim_from
from tools.core.store.files.documents.catalogue import ShortClaim
from tools.core.store.files.documents.claim_file import claim_of

names = st.text(st.characters(codec="utf-8"), max_size=8)
raw = st.fixed_dictionaries(
    {},
    optional={
        "agent_id": names | st.integers(),
        "status": st.sampled_from(["active", "paused", "released", "done", "closed", "in_progress", "Active", "odd"]),
        "paths": st.lists(names) | names | st.none(),
        "claimed_at": names,
        "fence": st.integers() | names,
        "branch": names,
    },
)


@given(raw)
def test_the_light_reader_of_claims_says_what_the_store_says(document):
    light, whole = claim_of(document, "T-1"), claim_from(document, "T-1")
    assert (light.state, light.fence) == (whole.state, whole.fence)
    if isinstance(document.get("agent_id", ""), str):
        assert light.agent_id == whole.agent_id
    assert light.paths == tuple(path for path in whole.paths if path)


def claim(agent, *paths, state="active"):
    return ShortClaim("T-1", agent, state, paths, "", "", 1, "")


def test_a_folder_that_goes_takes_the_held_file_with_it():
    assert path_rule.refusal("src", [claim("other", "src/a.py")], "me") is not None
    assert path_rule.refusal("src/b.py", [claim("other", "src/a.py")], "me") is None


def test_a_pattern_without_a_slash_matches_at_any_depth_but_a_path_does_not():
    assert path_rule.refusal("a/b.py", [claim("other", "*.py")], "me") is not None
    assert path_rule.refusal("README.md", [claim("other", "docs/README.md")], "me") is None


@given(names, st.lists(names, max_size=3), st.sampled_from(path_rule.LEVELS))
def test_any_path_and_pattern_get_an_answer(path, patterns, level):
    answer = path_rule.refusal(path, [claim("other", *patterns), claim("me", *patterns)], "me", level)
    assert answer is None or answer.path == path
