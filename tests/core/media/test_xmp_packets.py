from __future__ import annotations

import pytest

from laanet_core.media.xmp_packets import as_utf8, properties

TEXT = '<x:xmpmeta a="Z\u00fcrich"/>'


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_packets_become_utf_8(encoding: str) -> None:
    assert as_utf8(TEXT.encode(encoding)).decode().lstrip("\ufeff") == TEXT


@pytest.mark.parametrize("packet", [b"", b"\x00", TEXT.encode(), bytes(900), b"\x00a\x00\x00" + b"text" * 90])
def test_other_packets_stay(packet: bytes) -> None:
    assert as_utf8(packet) == packet


@pytest.mark.parametrize(
    ("xmp", "values"),
    [
        ('<r:Description a:Name="x &amp; y"/>', ["x & y"]),
        ("<r:Description a:Name = 'x'/>", ["x"]),
        ("<a:Name>x</a:Name>", ["x"]),
        ("<Name>x</Name> <b:Other>y</b:Other>", ["x"]),
        ('<a:Name rdf:resource="x"/> y', ["x"]),
        ("<a:Name><r:Alt><r:li xml:lang='de'>x</r:li> <r:li>y</r:li></r:Alt></a:Name>", ["x", "y"]),
        ("<a:Name><r:Seq><r:li r:resource='x'/><r:li r:resource=\"y\"/></r:Seq></a:Name>", ["x", "y"]),
        ("<a:Name r:parseType='Resource'><r:value>x</r:value><b:Other>y</b:Other></a:Name>", ["x"]),
        ("<a:Name><![CDATA[x]]></a:Name>", ["x"]),
        ("\ufeff<?xml version='1.0'?><x:xmpmeta><rdf:RDF><a:Name>x</a:Name></rdf:RDF></x:xmpmeta>", ["x"]),
        ("<?xpacket begin='' id='z'?><a:Name>x</a:Name><?xpacket end='w'?>", ["x"]),
        # Packets may be cut off or damaged.
        ("<a:Name><r:li>x</r:li><b:Other>y</b:Other>", ["x"]),
        ("<a:Name>x", ["x"]),
        ("<a:Name>x</a:Name><b", ["x"]),
        ("<a:Name/>x", []),
        ("</a:Name>x", []),
        ("<a:NameOther>x</a:NameOther>", []),
        ("Name", []),
        # Comments, quotations and properties of something else.
        ("<!-- <a:Name>x</a:Name> -->", []),
        ('<d:description>write Name="x" into it</d:description>', []),
        ("<d:description><![CDATA[<a:Name>x</a:Name>]]></d:description>", []),
        ("<m:Ingredients><r:Bag><r:li a:Name='x'/></r:Bag></m:Ingredients>", []),
        ("<m:Ingredients><r:Bag><r:li><a:Name>x</a:Name></r:li></r:Bag></m:Ingredients>", []),
        ("<m:Part><r:Description a:Name='x'/></m:Part>", []),
        # Entities are refused.
        ("<!DOCTYPE d [<!ENTITY e 'x'>]><a:Name>&e;</a:Name>", []),
        ("<a:Name>&e;</a:Name>", []),
    ],
)
def test_values_of_a_property(xmp: str, values: list[str]) -> None:
    assert [one.value for one in properties(xmp, ("name",))] == values


def test_prefixes_and_references() -> None:
    found = properties("<r:Description a:Name='x'/><b:name r:resource='y'/>", ("name",))
    assert [(one.prefix, one.name, one.value, one.is_reference) for one in found] == [
        ("a", "Name", "x", False),
        ("b", "name", "y", True),
    ]
