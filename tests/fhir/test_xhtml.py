"""The narrative allow-list."""

from __future__ import annotations

import time

import pytest

from gateway.fhir.xhtml import faults_of


def div(inner: str) -> str:
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'


@pytest.mark.parametrize(
    "inner",
    [
        "text",
        "<h1>A</h1><p class='x' style='color: red; margin: 0px'>B<br/></p><!-- note -->",
        "<table border='1'><thead><tr><th colspan='2'>A</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>",
        "<a href='#x'>x</a> <a name='x'>y</a>",
        "<a href='https://example.org/?a=1&amp;b=2'>z</a> <a href='mailto:a@b.c'>m</a>",
        "<img src='data:image/png;base64,iVBORw0KGgo=' alt='dot'/>",
        "<img src='#pic'/>",
        "a&nbsp;b &lt; &eacute; &#233;",
        "<p xml:lang='en' lang='en'>x</p>",
        "<td style='background-image: url(tbl_spacer.png)'>x</td>",
    ],
)
def test_plain_narrative_passes(inner: str) -> None:
    assert faults_of(div(inner)) == []


HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT>alert(1)</SCRIPT>",
    "<p onclick='x()'>a</p>",
    "<img src='x' onerror='x()'/>",
    "<body onload='x()'>a</body>",
    "<a href='javascript:alert(1)'>a</a>",
    "<a href=' JaVaScRiPt:alert(1)'>a</a>",
    "<a href='java&#10;script:alert(1)'>a</a>",
    "<a href='java&#x200b;script:alert(1)'>a</a>",
    "<a href='vbscript:x'>a</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD4='>a</a>",
    "<a href='//evil.example/x'>a</a>",
    "<a href='file:///etc/passwd'>a</a>",
    "<form action='x'><input name='a'/></form>",
    "<iframe src='https://x.org'>a</iframe>",
    "<object data='x'>a</object>",
    "<embed src='x'/>",
    "<link rel='stylesheet' href='https://x.org/a.css'/>a",
    "<style>p { color: red }</style>a",
    "<style>@import url(https://x.org/a.css);</style>a",
    "<meta http-equiv='refresh' content='0'/>a",
    "<base href='https://x.org/'/>a",
    "<p style='background: url(https://x.org/a.png)'>a</p>",
    "<p style='background: ur\\6c(https://x.org)'>a</p>",
    "<p style='width: expression(alert(1))'>a</p>",
    "<p style='behavior: url(x.htc)'>a</p>",
    "<img src='data:image/svg+xml;base64,PHN2Zz48L3N2Zz4='/>",
    "<img src='data:text/html,x'/>",
    "<img src='javascript:alert(1)'/>",
    "<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>",
    "<math xmlns='http://www.w3.org/1998/Math/MathML'><mi>x</mi></math>",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>x</x:script>",
    "<p xlink:href='x' xmlns:xlink='http://www.w3.org/1999/xlink'>a</p>",
    "<![CDATA[<script>]]>",
    "<?xml-stylesheet href='x'?>a",
    "<p>a",
    "<p>a</p></div><div>",
    "a & b",
    "&unknown;",
    "",
    "   ",
    "<p></p>",
]


@pytest.mark.spec("F-041", "X-048")
@pytest.mark.parametrize("inner", HOSTILE)
def test_hostile_or_broken_narrative_is_refused(inner: str) -> None:
    assert faults_of(div(inner))


@pytest.mark.spec("F-041")
@pytest.mark.parametrize(
    "text",
    [
        "<div>no namespace</div>",
        "just text",
        '<p xmlns="http://www.w3.org/1999/xhtml">a</p>',
        '<!DOCTYPE div [<!ENTITY a "b">]><div xmlns="http://www.w3.org/1999/xhtml">&a;</div>',
    ],
)
def test_narrative_is_one_xhtml_div_without_a_document_type(text: str) -> None:
    assert faults_of(text)


def test_a_fault_names_the_element_and_never_its_text() -> None:
    assert faults_of(div("<video>secret</video>")) == ["must not contain the element video"]
    assert faults_of(div("<p secret.name.of.somebody.long.enough='1'>a</p>")) == ["must not contain such attributes"]


@pytest.mark.spec("X-045")
@pytest.mark.parametrize("hostile", ["<p>" * 100_000, "&a" * 200_000, "<p style='" + "url(" * 100_000 + "'>a</p>"])
def test_no_narrative_is_slow(hostile: str) -> None:
    began = time.process_time()
    assert faults_of(div(hostile))
    assert time.process_time() - began < 1
