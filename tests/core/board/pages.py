"""A page read as a reader of it would: elements in order, with their attributes and text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "input", "rect", "circle", "path", "line", "hr", "img"}


@dataclass
class Element:
    """An element with what is in it."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it, blanks in a row made one."""
        return " ".join(self.raw.split())

    @property
    def raw(self) -> str:
        """All text in it."""
        return "".join(part if isinstance(part, str) else part.raw for part in self.children)

    def all(self, tag: str = "", **attributes: str) -> list[Element]:
        """The elements in it with a tag and attributes; `data_x` stands for `data-x`, `class_` for one of its classes."""
        elements = []
        for part in self.children:
            if isinstance(part, Element):
                if part.matches(tag, attributes):
                    elements.append(part)
                elements += part.all(tag, **attributes)
        return elements

    def matches(self, tag: str, attributes: Mapping[str, str]) -> bool:
        """Whether it has a tag ("" for any) and attributes."""
        classes = self.attributes.get("class", "").split()
        return tag in ("", self.tag) and all(
            value in classes if name == "class_" else self.attributes.get(name.replace("_", "-")) == value
            for name, value in attributes.items()
        )

    def with_attribute(self, name: str) -> list[Element]:
        """The elements in it that carry an attribute."""
        return [element for element in self.all() if name in element.attributes]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.top = Element("", {})
        self.stack = [self.top]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.stack[-1].children.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.stack[-1].children.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        while self.stack[-1].tag in ("li", "p", "tr", "td", "dt", "dd") and self.stack[-1].tag != tag:
            self.stack.pop()
        assert self.stack[-1].tag == tag, f"</{tag}> closes <{self.stack[-1].tag}>"
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        self.stack[-1].children.append(data)


def read(document: str) -> Element:
    """A page, every element of it closed in order."""
    reader = _Reader()
    reader.feed(document)
    reader.close()
    assert [element.tag for element in reader.stack] == [""], "something was never closed"
    return reader.top
