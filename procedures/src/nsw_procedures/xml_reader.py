"""The only way XML from outside is read: refused before anything in it is looked at, unless it is plain and small.

Plain: UTF-8, well formed, without a document type, entities of its own, comments and processing instructions; nothing
is ever fetched. Small: so many bytes, elements, levels and attributes. A text is therefore one text, whole, and
what one reader sees every other reader of the same bytes sees too.
"""

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

_SLICE: Final = 512  # bytes: so that depth is refused here, and not by the parser in fewer words
_BOM: Final = b"\xef\xbb\xbf"
_DECLARATION: Final = re.compile(r"<\?xml\s[^>]*?\?>")
_ENCODING: Final = re.compile(r"""\sencoding\s*=\s*["']([^"']*)["']""")
_CDATA: Final = re.compile(r"<!\[CDATA\[.*?\]\]>", re.DOTALL)
"""What stands in it is text. Nothing else that is refused can hide in one: its own beginning stands before it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is read. `depth` counts the root as 1; `attributes` are those of one element, namespaces too."""

    size: int = 2 * 1024 * 1024
    elements: int = 10_000
    depth: int = 32
    attributes: int = 16
    attribute_characters: int = 4096


USUAL: Final = Limits()


class XmlRefused(ValueError):
    """The XML is not read; the text says why, and never repeats what was sent."""


def read_xml(body: bytes, limits: Limits = USUAL) -> etree._Element:
    """The root element of a document.

    Raises:
        XmlRefused: it is not well formed, not plain or not small.
    """
    _plain(body, limits)
    parser = etree.XMLPullParser(
        ("start", "end", "start-ns"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_blank_text=False,
        strip_cdata=True,
    )
    watch = _Watch(limits)
    try:
        for start in range(0, len(body), _SLICE):
            parser.feed(body[start : start + _SLICE])
            watch.see(parser)
        root = parser.close()
        watch.see(parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise XmlRefused(f"this is not well-formed XML: see line {line}, column {column}") from None
    return root


def _plain(body: bytes, limits: Limits) -> None:
    if len(body) > limits.size:
        raise XmlRefused(f"it is larger than {limits.size:,} bytes")
    try:
        text = body.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        raise XmlRefused(f"it is not UTF-8: byte {error.start} cannot be read") from None
    if "\x00" in text:
        raise XmlRefused("it holds NUL; send UTF-8 text only")
    declaration = _DECLARATION.match(text)
    if declaration is not None:
        encoding = _ENCODING.search(declaration[0])
        if encoding is not None and encoding[1].lower() not in ("utf-8", "utf8"):
            raise XmlRefused("it declares an encoding that is not UTF-8; send UTF-8")
    declared = declaration.end() if declaration is not None else 0
    outside = _CDATA.sub("", text[declared:])
    if "<!" in outside:
        raise XmlRefused("it holds a document type, an entity declaration or a comment; leave them out")
    if "<?" in outside:
        raise XmlRefused("it holds a processing instruction; leave it out")


class _Watch:
    """Counts what has been parsed so far, after each slice: what is too much is refused before more of it is read."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._depth = 0
        self._elements = 0
        self._prefixes = 0

    def see(self, parser: etree.XMLPullParser) -> None:
        """Count what was parsed since the last time."""
        for event, element in parser.read_events():
            if event == "end":
                self._depth -= 1
            elif event == "start" and element is not None and not isinstance(element, tuple):
                self._start(element)
            else:
                self._prefixes += 1
                if self._prefixes > self._limits.attributes:
                    raise XmlRefused(f"it declares more than {self._limits.attributes} namespaces")

    def _start(self, element: etree._Element) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > self._limits.depth:
            raise XmlRefused(f"it is nested more than {self._limits.depth} levels deep")
        if self._elements > self._limits.elements:
            raise XmlRefused(f"it has more than {self._limits.elements:,} elements")
        attributes = element.attrib
        if len(attributes) > self._limits.attributes:
            raise XmlRefused(f"an element has more than {self._limits.attributes} attributes")
        for value in attributes.values():
            if len(value) > self._limits.attribute_characters:
                raise XmlRefused(f"an attribute is longer than {self._limits.attribute_characters:,} characters")
