"""HTML that cannot forget to escape: text is escaped unless it is `Html` already."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

_VOID = {"meta", "br"}


class Html(str):
    """Markup: put into a page as it is."""

    __slots__ = ()


def tag(name: str, /, *inside: str | Iterable[str], **attributes: str | int) -> Html:
    """Return an element; strings inside it and its attributes are escaped.

    A trailing underscore in the name of an attribute is dropped (``class_``), others become
    hyphens.

    Examples
    --------
    >>> tag("p", "a < b", tag("b", "&"), class_="x")
    '<p class="x">a &lt; b<b>&amp;</b></p>'
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
    )
    if name in _VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{joined(inside)}</{name}>")


def joined(parts: Iterable[str | Iterable[str]]) -> Html:
    """Return strings and lists of strings as one piece of markup."""
    pieces = []
    for part in parts:
        if isinstance(part, Html):
            pieces.append(str(part))
        elif isinstance(part, str):
            pieces.append(escape(part))
        else:
            pieces.append(str(joined(part)))
    return Html("".join(pieces))
