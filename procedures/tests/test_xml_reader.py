"""XML from outside: whatever is not plain and small is refused before anything of it is used."""

import socket
from pathlib import Path

import pytest
from nsw_procedures.xml_reader import Limits, XmlRefused, read_xml


def laughs() -> bytes:
    lines = ['<!ENTITY a0 "ha">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return f"<!DOCTYPE x [{''.join(lines)}]><x>&a9;</x>".encode()


BOMBS = {
    "billion laughs": (laughs(), "document type"),
    "quadratic blow-up": (
        b'<!DOCTYPE x [<!ENTITY a "' + b"y" * 50_000 + b'">]><x>' + b"&a;" * 50_000 + b"</x>", "document type",
    ),
    "a parameter entity": (b'<!DOCTYPE x [<!ENTITY % p "<!ENTITY a \'b\'>"> %p;]><x/>', "document type"),
    "an empty document type": (b"<!DOCTYPE x><x/>", "document type"),
    "a document type in lower case": (b"<!doctype x><x/>", "document type"),
    "an entity nobody declared": (b"<x>&nbsp;</x>", "well-formed"),
    "a comment that splits a text": (b"<x>0100109106<!---->-001</x>", "comment"),
    "a comment that hides a document type": (b"<!-- <![CDATA[ --><!DOCTYPE x><!-- ]]> --><x/>", "document type"),
    "a processing instruction": (b"<x>a<?php b?>c</x>", "processing instruction"),
    "a style sheet": (b'<?xml version="1.0"?><?xml-stylesheet href="http://127.0.0.1/"?><x/>', "processing"),
    "an instruction that hides a document type": (b"<?a <![CDATA[ ?><!DOCTYPE x><?b ]]> ?><x/>", "processing"),
    "deep nesting": (b"<x>" * 40_000 + b"</x>" * 40_000, "levels deep"),
    "one level too deep": (b"<x>" * 33 + b"</x>" * 33, "levels deep"),
    "many elements": (b"<x>" + b"<y/>" * 10_000 + b"</x>", "elements"),
    "many attributes": (b"<x " + b" ".join(b'a%d="1"' % n for n in range(100_000)) + b"/>", "attributes"),
    "seventeen attributes": (b"<x " + b" ".join(b'a%d="1"' % n for n in range(17)) + b"/>", "attributes"),
    "a huge attribute": (b'<x a="' + b"y" * 1_000_000 + b'"/>', "attribute is longer"),
    "many namespaces": (b"<x " + b" ".join(b'xmlns:a%d="u"' % n for n in range(50_000)) + b"/>", "namespaces"),
    "namespaces here and there": (
        b"<x>" + b"".join(b'<y xmlns:a%d="u"/>' % n for n in range(20)) + b"</x>", "namespaces",
    ),
    "the same attribute twice": (b"<x a='1' a='2'/>", "well-formed"),
    "two roots": (b"<x/><y/>", "well-formed"),
    "nothing": (b"", "well-formed"),
    "half a document": (b"<x><y>", "well-formed"),
    "JSON": (b'{"a": 1}', "well-formed"),
    "a NUL": (b"<x>a\x00b</x>", "NUL"),
    "a NUL as a reference": (b"<x>&#0;</x>", "well-formed"),
    "a control character": (b"<x>&#1;</x>", "well-formed"),
    "half of a surrogate pair": (b"<x>\xed\xa0\x80</x>", "UTF-8"),
    "half of a surrogate pair as a reference": (b"<x>&#xD800;</x>", "well-formed"),
    "UTF-16": ("<?xml version='1.0' encoding='UTF-16'?><x/>".encode("utf-16"), "UTF-8"),
    "UTF-16 without a mark": ("<x/>".encode("utf-16-le"), "NUL"),
    "UTF-32": ("<x/>".encode("utf-32-be"), "NUL"),
    "UTF-7 declared": (b"<?xml version='1.0' encoding='UTF-7'?><x>+ADw-y+AD4-</x>", "encoding"),
    "UTF-7 declared with blanks": (b"<?xml version = '1.0'\n encoding\n=\n\"utf-7\" ?><x/>", "encoding"),
    "EBCDIC declared": (b'<?xml version="1.0" encoding="cp037"?><x/>', "encoding"),
    "Latin-1 declared": (b'<?xml version="1.0" encoding="ISO-8859-1"?><x>\xc3\xa9</x>', "encoding"),
    "Latin-1": (b"<x>\xe9</x>", "UTF-8"),
    "overlong UTF-8": (b"<x>\xc0\xbc</x>", "UTF-8"),
    "XML 1.1": (b'<?xml version="1.1"?><x>&#1;</x>', "well-formed"),
    "a declaration that is not at the start": (b' <?xml version="1.0"?><x/>', "processing instruction"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_not_plain_or_not_small_is_refused(name: str) -> None:
    body, says = BOMBS[name]
    with pytest.raises(XmlRefused, match=says):
        read_xml(body)


def test_nothing_is_fetched_and_no_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("42")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x.dtd"
        for body in (
            f'<!DOCTYPE x SYSTEM "{url}"><x/>',
            f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]><x>&e;</x>',
            f'<x xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:noNamespaceSchemaLocation="{url}"/>',
            f'<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file://{secret}" parse="text"/></x>',
        ):
            try:
                root = read_xml(body.encode())
            except XmlRefused:
                continue
            assert "42" not in "".join(root.itertext())
        with pytest.raises(TimeoutError):
            server.accept()


def test_errors_never_repeat_what_was_sent() -> None:
    for body, _ in BOMBS.values():
        with pytest.raises(XmlRefused) as refused:
            read_xml(body)
        assert len(str(refused.value)) < 150


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"<x>a</x>", "a"),
        (b"\xef\xbb\xbf<x>a</x>", "a"),
        (b'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<x>a</x>', "a"),
        ("<x>Tôm hùm &lt;sống&gt; &amp; \U0001f99e</x>".encode(), "Tôm hùm <sống> & \U0001f99e"),
        (b"<x>a<![CDATA[<?xml version='1'?><!DOCTYPE y><!-- -->]]>b</x>", "a<?xml version='1'?><!DOCTYPE y><!-- -->b"),
        (b"<x>" + b"y" * 1_500_000 + b"</x>", "y" * 1_500_000),
    ],
    ids=["plain", "a mark", "a declaration", "Vietnamese", "CDATA", "a long text"],
)  # fmt: skip
def test_plain_xml_is_read_whole(body: bytes, text: str) -> None:
    assert read_xml(body).text == text


def test_the_limits_are_what_is_asked_for() -> None:
    limits = Limits(size=100, elements=3, depth=2, attributes=1, attribute_characters=2)
    read_xml(b"<x a='12'><y/><y/></x>", limits)
    for body in (b"<x>" + b"y" * 100 + b"</x>", b"<x><y/><y/><y/></x>", b"<x><y><z/></y></x>", b"<x a='1' b='2'/>",
                 b"<x a='123'/>"):  # fmt: skip
        with pytest.raises(XmlRefused):
            read_xml(body, limits)
