"""Properties of XMP packets, read as XML: comments and quoted markup are no properties.

Packets in files are often cut off or damaged. What stands before the damage counts.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from xml.parsers import expat

# Elements of a packet, and attributes of all of them. Real packets have some hundred.
_MAX_ELEMENTS, _MAX_ATTRIBUTES = 20_000, 20_000
# Values of wanted properties. Real packets have some ten.
_MAX_VALUES = 500
# Elements inside elements.
_MAX_DEPTH = 100

# Elements around properties. The first one is put around the packet: a second packet may follow, and a
# document type, whose entities could grow without limit, is not allowed there.
_ROOT = "packet"
_AROUND = ("packet", "xmpmeta", "xapmeta", "RDF", "Description")
# Elements between a property and its values. Others are fields of a structure, such as an ingredient's.
_BETWEEN = ("Alt", "Bag", "Seq", "li", "value", "Description")
_DECLARATION = re.compile(r"\ufeff?\s{0,20}<\?xml\s[^>]{0,200}\?>")

# Bytes by which the encoding of a packet without a mark is recognised.
_PROBE = 512
# Encodings by their mark. That of UTF-32 begins with that of UTF-16.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def as_utf8(packet: bytes) -> bytes:
    """Return a packet in UTF-8. XMP may be in UTF-16 or UTF-32 too, with a mark or without."""
    encoding = _encoding_of(packet)
    return packet if encoding is None else packet.decode(encoding, "replace").encode("utf-8", "replace")


def _encoding_of(packet: bytes) -> str | None:
    """Return the encoding of a packet; None for UTF-8.

    Markup is ASCII, so most of its characters have zeros in the same places.
    """
    for mark, encoding in _MARKS:
        if packet.startswith(mark):
            return encoding
    probe = packet[:_PROBE]
    zeros = [probe[place::4].count(0) * 8 > len(probe) for place in range(4)]
    patterns = {
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
    }
    return patterns.get((zeros[0], zeros[1], zeros[2], zeros[3]))


@dataclass(frozen=True)
class Property:
    """Value of a property of the file itself: its prefix and name, and whether it refers to an address."""

    prefix: str
    name: str
    value: str
    is_reference: bool = False


def properties(xmp: str, names: Collection[str]) -> list[Property]:
    """Return the values of the properties with some names, in lower case, in the order of the packet.

    Each item of a list is a value. Properties of structures, such as those of an ingredient, are left out.
    """
    declaration = _DECLARATION.match(xmp)
    content = xmp if declaration is None else xmp[declaration.end() :]
    reader = _Reader(frozenset(names))
    parser = expat.ParserCreate("utf-8")
    parser.ordered_attributes = True
    # Without a buffer, each line of a text is a call.
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    with contextlib.suppress(expat.ExpatError, _TooManyPartsError):
        parser.Parse(f"<{_ROOT}>{content}</{_ROOT}>".encode("utf-8", "replace"), True)
    # Text before the damage is still in the buffer.
    with contextlib.suppress(_TooManyPartsError):
        parser.buffer_text = False
        reader.finish()
    return reader.properties


class _TooManyPartsError(Exception):
    """Packet with more elements, attributes or values than any real one."""


@dataclass
class _Reader:
    """Reader of a packet: the names of open elements, and the texts of the property that is open."""

    names: Collection[str]
    properties: list[Property] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    # Elements around properties that are open, and the prefix and name of the open property.
    _around: int = 0
    _property: tuple[str, str] = ("", "")
    _texts: list[str] = field(default_factory=list)
    _elements: int = 0
    _attributes: int = 0

    def start(self, tag: str, attributes: list[str]) -> None:
        self._elements += 1
        self._attributes += len(attributes) // 2
        if (
            self._elements > _MAX_ELEMENTS
            or self._attributes > _MAX_ATTRIBUTES
            or len(self._open) > _MAX_DEPTH
        ):
            raise _TooManyPartsError
        self._add_text()
        prefix, _, name = tag.rpartition(":")
        self._open.append(name)
        pairs = [*zip(attributes[::2], attributes[1::2], strict=True)]
        if self._around == len(self._open) - 1:
            if name in _AROUND:
                self._around += 1
                self._add_attributes(pairs)
                return
            self._property = (prefix, name)
        if self._is_value:
            for attribute, value in pairs:
                if attribute.endswith(":resource"):
                    self._add(*self._property, value, is_reference=True)

    def end(self, _: str) -> None:
        self._add_text()
        self._open.pop()
        self._around = min(self._around, len(self._open))

    def text(self, content: str) -> None:
        if self._is_value:
            self._texts.append(content)

    def finish(self) -> None:
        """Add a value whose end is missing."""
        self._add_text()

    @property
    def _is_value(self) -> bool:
        """Return whether a wanted property is open, and none of a structure's fields."""
        is_open = len(self._open) > self._around
        if not is_open or self._property[1].lower() not in self.names:
            return False
        return all(name in _BETWEEN for name in self._open[self._around + 1 :])

    def _add_attributes(self, pairs: list[tuple[str, str]]) -> None:
        for attribute, value in pairs:
            prefix, _, name = attribute.rpartition(":")
            self._add(prefix, name, value)

    def _add_text(self) -> None:
        content = "".join(self._texts)
        self._texts.clear()
        if content.strip():
            self._add(*self._property, content)

    def _add(self, prefix: str, name: str, value: str, *, is_reference: bool = False) -> None:
        if name.lower() in self.names:
            if len(self.properties) >= _MAX_VALUES:
                raise _TooManyPartsError
            self.properties.append(Property(prefix, name, value, is_reference))
