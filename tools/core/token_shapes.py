"""The shapes of secrets: which texts are tokens, keys and passwords, and where they stand.

Shapes are those the issuers document. One that begins with letters nobody writes by chance is looked for
wherever it stands, glued to what comes before it or not; one with a short beginning needs a boundary. What
words alone make up, or a name for a value to be put in, is no secret. Every pattern begins at a literal or
behind a boundary and has no choice to take back, so a text of any content takes time in proportion to
its length; a text without one of the literals is never matched at all.
"""

from __future__ import annotations

import sys

from tools.core.plain import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Shape:
    """A kind of secret: literals without which it is not there, and its pattern.

    Where the pattern has a group, only that part of the match is the secret. `beside` must be there as well. `sign` is
    a part of every literal, the shorter the cheaper to miss; without one it is the first literal. `has_tail` says that
    every match has one of `_TAILS`. With `any_case`, where part of the pattern says so, sign and literals are in lower
    case and match letters of either.
    """

    __slots__ = ("any_case", "beside", "has_tail", "kind", "literals", "pattern", "sign")

    def __init__(
        self,
        kind: str,
        literals: tuple[str, ...],
        pattern: str,
        *,
        beside: str = "",
        sign: str = "",
        has_tail: bool = True,
    ) -> None:
        self.kind = kind
        self.literals = literals
        self.pattern = pattern
        self.beside = beside
        self.sign = sign or literals[0]
        self.has_tail = has_tail
        self.any_case = "(?ai:" in pattern


class Secret(NamedTuple):
    """Where a secret stands in a text."""

    kind: str
    begin: int
    end: int


_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"  # a text in JSON has \n before what begins a line
_END = "(?![A-Za-z0-9])"
_HEX = "[0-9a-f]"
SHAPES: tuple[Shape, ...] = (
    Shape("github", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{20,}+", sign="gh"),
    Shape("github", ("github_pat_",), r"github_pat_[A-Za-z0-9_]{20,}+"),
    Shape(
        "gitlab",
        ("glpat-", "glrt-", "gldt-", "glptt-", "glcbt-", "glimt-", "glsoat-", "glft-", "gloas-", "glagent-"),
        r"gl(?:pat|rt|dt|ptt|cbt|imt|soat|ft|oas|agent)-[A-Za-z0-9_.-]{20,}+",
        sign="gl",
    ),
    Shape("aws", ("AKIA", "ASIA"), _START + r"A[KS]IA[0-9A-Z]{16}" + _END, sign="IA", has_tail=False),
    Shape(
        "aws",
        ("ecret_access_key", "ecretaccesskey"),
        r"(?:(?ai:secret_access_key)|ecretAccessKey)[\"'\\]{0,4}\s{0,5}[:=]\s{0,5}[\"'\\]{0,4}([A-Za-z0-9+/]{40})"
        r"(?![A-Za-z0-9+/])",
        sign="ecret",
        has_tail=False,
    ),
    Shape("google", ("AIza",), r"AIza[A-Za-z0-9_-]{35,}+", sign="A", has_tail=False),
    Shape("google", ("ya29.",), _START + r"ya29\.[A-Za-z0-9_-]{30,}+"),
    Shape("google", ("1//0",), _START + r"1//0[A-Za-z0-9_-]{40,}+", has_tail=False),
    Shape("azure", ("AccountKey=",), r"AccountKey=([A-Za-z0-9+/]{40,}+={0,2})", sign="K", has_tail=False),
    Shape("slack", ("xox", "xapp-"), r"(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,}+", sign="x"),
    Shape(
        "slack",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9]{6,}+/[A-Za-z0-9]{6,}+/[A-Za-z0-9]{16,}+)",
        has_tail=False,
    ),
    Shape("stripe", ("k_live_", "k_test_"), _START + r"[rs]k_(?:live|test)_[A-Za-z0-9]{10,}+", sign="k_"),
    Shape("stripe", ("whsec_",), _START + r"whsec_[A-Za-z0-9+/]{24,}+={0,2}", has_tail=False),
    Shape("anthropic", ("sk-ant-",), r"sk-ant-[A-Za-z0-9_-]{16,}+"),
    Shape("openrouter", ("sk-or-v1-",), r"sk-or-v1-[A-Za-z0-9]{32,}+"),
    Shape("openai", ("sk-",), _START + r"sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}+|[A-Za-z0-9]{20,}+)"),
    Shape("huggingface", ("hf_",), _START + r"hf_[A-Za-z0-9]{30,}+"),
    Shape("groq", ("gsk_",), _START + r"gsk_[A-Za-z0-9]{40,}+"),
    Shape("xai", ("xai-",), _START + r"xai-[A-Za-z0-9]{60,}+", sign="x"),
    Shape("perplexity", ("pplx-",), _START + r"pplx-[A-Za-z0-9]{40,}+", sign="x"),
    Shape("replicate", ("r8_",), _START + r"r8_[A-Za-z0-9]{36,}+"),
    Shape("npm", ("npm_",), r"npm_[A-Za-z0-9]{30,}+"),
    Shape("pypi", ("pypi-",), r"pypi-(?:AgE[A-Za-z0-9_-]{10,}+|[A-Za-z0-9_-]{60,}+)"),
    Shape("rubygems", ("rubygems_",), rf"rubygems_{_HEX}{{40,}}+"),
    Shape("docker", ("dckr_",), r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}+"),
    Shape("digitalocean", ("dop_v1_", "doo_v1_", "dor_v1_"), rf"do[por]_v1_{_HEX}{{60,}}+", sign="_v1_"),
    Shape("sendgrid", ("SG.",), _START + r"SG\.[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{30,}+", sign="G"),
    Shape("twilio", ("SK",), _START + rf"SK{_HEX}{{32}}" + _END, sign="K", has_tail=False),
    Shape("mailgun", ("key-",), _START + rf"key-{_HEX}{{32}}" + _END),
    Shape("telegram", (":AA",), _START + r"[0-9]{8,10}:AA[A-Za-z0-9_-]{32,}+", sign="A", has_tail=False),
    Shape("shopify", ("shpat_", "shpca_", "shppa_", "shpss_"), rf"shp(?:at|ca|pa|ss)_{_HEX}{{32,}}+", sign="shp"),
    Shape("linear", ("lin_api_", "lin_oauth_"), r"lin_(?:api|oauth)_[A-Za-z0-9]{32,}+", sign="lin_"),
    Shape("notion", ("ntn_",), _START + r"ntn_[A-Za-z0-9]{40,}+"),
    Shape("vault", ("hvs.", "hvb.", "hvr."), _START + r"hv[sbr]\.[A-Za-z0-9_-]{24,}+", sign="hv"),
    Shape("databricks", ("dapi",), _START + rf"dapi{_HEX}{{32}}(?:-[0-9])?" + _END, has_tail=False),
    Shape("age", ("AGE-SECRET-KEY-1",), r"AGE-SECRET-KEY-1[A-Z0-9]{40,}+", sign="K"),
    Shape(
        "jwt",
        ("eyJ",),
        _START + r"eyJ[A-Za-z0-9_-]{8,}+\.eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]*+",
        sign="J",
    ),
    Shape(
        "private-key",
        ("PRIVATE KEY",),
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?:[^-]|-(?!-))*+-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\s\\]*+)",
        sign="K",
        has_tail=False,
    ),
    Shape(
        "authorization",
        ("uthorization",),
        r"(?ai:authorization)[\"'\\]{0,4}\s{0,5}[:=]\s{0,5}[\"'\\]{0,4}(?ai:bearer|basic|token)\s{1,5}"
        r"([A-Za-z0-9._~+/=-]{6,}+)",
        has_tail=False,
    ),
    Shape("bearer", ("earer ",), _START + r"[Bb]earer ([A-Za-z0-9._~+/=-]{20,}+)", has_tail=False),
    Shape(
        "api-key",
        ("api-key", "api_key"),
        r"(?ai:x-api-key|api_key)[\"'\\]{0,4}\s{0,5}[:=]\s{0,5}[\"'\\]{0,4}([A-Za-z0-9._~+/=-]{20,}+)",
        sign="api",
        has_tail=False,
    ),
    Shape("password", ("://",), r"://[^\s/:@\"'<>]*+:((?!\[redacted:)[^\s/@\"'<>]++)@", beside="@", has_tail=False),
)

_WITHOUT_TAIL = tuple(shape for shape in SHAPES if not shape.has_tail)
_TAILS = tuple(sign + "[A-Za-z0-9_.-]{10}" for sign in ("_", r"\.", "-"))
"""What most tokens have behind their literal or in it, and most texts have nowhere.

Three patterns that begin with a literal are looked for four times faster than one that begins with a choice.
"""

_WORDS = r"(?:(?:[a-z]{0,17}(?:[A-Z][a-z]{2,19}){0,5}|[A-Z]{0,15}|v?[0-9]{1,4})(?:[-_.~+/=]++|\Z))++"
"""Words, names and years with signs between them: a random text of some length has no such form."""

_TO_FILL_IN = r"\$?\{{0,2}[A-Za-z_.]*+\}{0,2}|\$[A-Za-z_]\w*+|%[sd]|%\([a-z_]++\)s|\*++|[xX.…]++"
"""What stands for a value in an example: a variable, a place of a format, stars."""


_SPACED = ("://", "uthorization", "private key")
"""The literals of what may have no long word."""

_SHORTEST = 15
_LONG = 256
"""Characters from which on a look for a tail costs less than one for each literal."""


def shapes_in(text: str) -> list[Shape]:
    """The shapes that may be in a text: one of their literals is. Most texts have no word, or no tail, that is long enough."""
    shapes = SHAPES
    lower = text.lower()
    patterns = sys.modules.get("re")  # a program that has loaded no patterns yet does not load them for this
    if len(text) >= _LONG:
        if patterns is not None and not any(patterns.search(tail, text) for tail in _TAILS):
            shapes = _WITHOUT_TAIL
    elif not any(literal in lower for literal in _SPACED) and max(map(len, text.split()), default=0) < _SHORTEST:
        return []
    near = [shape for shape in shapes if shape.sign in (lower if shape.any_case else text)]
    return [shape for shape in near if _is_possible(shape, lower if shape.any_case else text)]


def _is_possible(shape: Shape, text: str) -> bool:
    if shape.beside not in text:
        return False
    for literal in shape.literals:  # noqa: SIM110 - a generator costs more than most texts
        if literal in text and _may_begin(shape, literal, text):
            return True
    return False


def _may_begin(shape: Shape, literal: str, text: str) -> bool:
    """Whether a literal that is there can begin the pattern: `task-1` has no `sk-` behind a boundary."""
    at = text.find(literal)
    while at > 0 and shape.pattern.startswith(_START + literal) and not _is_boundary(text, at):
        at = text.find(literal, at + 1)
    return at >= 0


def _is_boundary(text: str, at: int) -> bool:
    """What `_START` says of a place."""
    before = text[at - 1]
    return not (before.isascii() and before.isalnum()) or (before in "nrt" and text[at - 2 : at - 1] == "\\")


def secrets_in(text: str) -> Iterator[Secret]:
    """The secrets of each shape in a text; those of different shapes may overlap."""
    for shape in shapes_in(text):
        import re  # most texts have nothing like a secret

        for match in re.finditer(shape.pattern, text):
            begin, end = match.span(match.re.groups)
            if is_secret(shape.kind, text[begin:end]):
                yield Secret(shape.kind, begin, end)


def is_secret(kind: str, match: str) -> bool:
    """Whether what matches a shape is more than words that happen to have it."""
    import re

    if kind == "password":
        return re.fullmatch(_TO_FILL_IN, match) is None or re.fullmatch("[A-Za-z_.]+", match) is not None
    return kind == "private-key" or re.fullmatch(_WORDS, match) is None


def has_secret(text: str) -> bool:
    """Whether a secret stands in a text."""
    return next(secrets_in(text), None) is not None
