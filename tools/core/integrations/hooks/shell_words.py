"""The files that a shell command changes, as far as its words say so.

Best effort: the tokenizer gives up at the first thing it does not understand (a variable, a substitution, the
body of a here-document), and what came before it still counts. A program that writes by itself is not seen.
"""

from __future__ import annotations

_OPERATORS = (";", "|", "&", "\n", "(", ")")
_GIVE_UP = "$`<{}"
_EVERY = frozenset({"rm", "mv", "cp", "touch", "truncate", "tee"})
_LAST = frozenset({"cp"})
"""Commands that only read what they name first."""

_WITH_VALUE = {"truncate": ("-s", "--size", "-r", "--reference"), "touch": ("-d", "-t", "-r", "--date", "--reference")}
_PREFIXES = frozenset({"sudo", "command", "env", "nohup", "time", "exec", "builtin"})


def targets_of(text: str) -> list[str]:
    """The literal paths that a command writes, moves or deletes, in order, each once."""
    targets: list[str] = []
    words: list[str] = []
    redirect = False
    for kind, value in _tokens(text):
        if kind == "word":
            if redirect:
                targets.append(value)
                redirect = False
            else:
                words.append(value)
        elif kind == "redirect":
            redirect = True
        else:
            targets += _of_command(words)
            words, redirect = [], False
    targets += _of_command(words)
    return [path for path in dict.fromkeys(targets) if path and not path.startswith("/dev/")]


def _tokens(text: str) -> list[tuple[str, str]]:
    """Words, redirections to a file and ends of commands, up to what is not understood."""
    tokens: list[tuple[str, str]] = []
    at, word, open_word = 0, "", False
    while at < len(text):
        char = text[at]
        if char in "'\"":
            end = _closing(text, at)
            if end < 0:
                return tokens
            word, open_word = word + _unquoted(text[at + 1 : end], char), True
            at = end + 1
        elif char == "\\" and at + 1 < len(text):
            word, open_word = word + ("" if text[at + 1] == "\n" else text[at + 1]), True
            at += 2
        elif char in _GIVE_UP or (char == "~" and not open_word):
            return tokens
        elif char == "#" and not open_word:
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
        elif char == ">":
            if open_word and word.isdigit():
                word, open_word = "", False
            tokens += _ended(word, is_open=open_word)
            word, open_word = "", False
            at = _behind_redirect(text, at)
            tokens.append(("redirect", "") if text[at : at + 1] != "&" else ("copy", ""))
            if tokens[-1][0] == "copy":
                tokens.pop()
                at = _behind_descriptor(text, at + 1)
        elif char in _OPERATORS:
            tokens += [*_ended(word, is_open=open_word), ("end", char)]
            word, open_word = "", False
            at += 2 if text[at : at + 2] == "&>" else 1
            if text[at - 2 : at] == "&>":
                tokens[-1] = ("redirect", "")
        elif char in " \t\r":
            tokens += _ended(word, is_open=open_word)
            word, open_word = "", False
            at += 1
        else:
            word, open_word = word + char, True
            at += 1
    return [*tokens, *_ended(word, is_open=open_word)]


def _ended(word: str, *, is_open: bool) -> list[tuple[str, str]]:
    return [("word", word)] if is_open else []


def _closing(text: str, at: int) -> int:
    """Where a quoted part ends; -1 where it does not, or holds what is not understood."""
    quote = text[at]
    position = at + 1
    while position < len(text):
        if text[position] == quote:
            return position
        if quote == '"' and text[position] in "$`":
            return -1
        position += 2 if quote == '"' and text[position] == "\\" else 1
    return -1


def _unquoted(text: str, quote: str) -> str:
    return text if quote == "'" else text.replace('\\"', '"').replace("\\\\", "\\")


def _behind_redirect(text: str, at: int) -> int:
    at += 2 if text[at : at + 2] in (">>", ">|") else 1
    return at


def _behind_descriptor(text: str, at: int) -> int:
    while at < len(text) and (text[at].isdigit() or text[at] == "-"):
        at += 1
    return at


def _of_command(words: list[str]) -> list[str]:
    while words and (words[0] in _PREFIXES or "=" in words[0].split("/")[0]):
        words = words[1:]
    if not words:
        return []
    name, rest = words[0].rpartition("/")[2], words[1:]
    if name == "git" and rest[:1] in (["rm"], ["mv"]):
        return _plain(rest[1:], ())
    if name == "sed":
        return _of_sed(rest)
    if name not in _EVERY:
        return []
    plain = _plain(rest, _WITH_VALUE.get(name, ()))
    return plain[-1:] if name in _LAST and len(plain) > 1 else plain


def _of_sed(words: list[str]) -> list[str]:
    """The files of `sed -i`; the first word that is no option is the script unless one was given by `-e` or `-f`."""
    if not any(word.startswith(("-i", "--in-place")) for word in words):
        return []
    has_script = any(word in ("-e", "-f") or word.startswith(("--expression", "--file")) for word in words)
    plain = _plain(words, ("-e", "-f"))
    return plain if has_script else plain[1:]


def _plain(words: list[str], with_value: tuple[str, ...]) -> list[str]:
    """The words that are no options nor their values."""
    plain, skip, options = [], False, True
    for word in words:
        if skip:
            skip = False
        elif options and word == "--":
            options = False
        elif options and word.startswith("-") and word != "-":
            skip = word in with_value
        else:
            plain.append(word)
    return plain
