"""A document is plain data, or it is refused with the place."""

import json

import pytest

from drsorch.config.reading import LARGEST_BYTES, checked, read
from drsorch.errors import Invalid

BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


def test_json_and_yaml_say_the_same():
    data = {"name": "Düsseldorf", "count": 3, "none": None, "yes": True, "list": ["1", {"a": "b"}]}
    written = 'name: Düsseldorf\ncount: 3\nnone:\n"yes": true\nlist:\n  - "1"\n  - {a: b}\n'

    assert read(json.dumps(data).encode()) == data
    assert read(written.encode()) == data
    assert read(b"\xef\xbb\xbf" + json.dumps(data).encode()) == data


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "line 1: anchors and aliases are not allowed"),
        ("a: *b\n", "line 1: anchors and aliases"),
        ("a: !!python/object/apply:os.system [id]\n", "line 1: tags are not allowed"),
        ("a: !!binary aGk=\n", "tags are not allowed"),
        ("a: !x y\n", "tags are not allowed"),
        ("%TAG ! tag:example,2000:\n---\na: b\n", "directives are not allowed"),
        ("accountId: 012345670123\n", "012345670123 means different things"),
        ("accountId: 0o17\n", "means different things"),
        ("at: 1:30\n", "1:30 means different things"),
        ("share: 1.5\n", "1.5 means different things"),
        ("size: 1_000\n", "means different things"),
        ("tagJobs: yes\n", "yes means different things"),
        ("a: NO\n", "means different things"),
        ("a: 1\na: 2\n", "line 2: the key 'a' is there twice"),
        ("1: x\n", "line 1: a key must be text"),
        ("? [a]\n: x\n", "a key must be text"),
        ("a: b\n---\nc: d\n", "several documents"),
        ("", "The document is empty"),
        ("a: [b\n", "not YAML in line"),
        ("a: b: c\n", "not YAML"),
        ("- " * 40 + "x\n", "nested more than 12 levels"),
        ("[" * 100_000, "nested more than 12 levels"),
        ("a: \x07\n", "not YAML"),
        ('a: "\\0"\n', "cannot be printed"),
        ('a: "\\uD800"\n', "not YAML|cannot be printed"),
    ],
)
def test_yaml_that_hides_something_is_refused_with_its_line(text, said):
    with pytest.raises(Invalid, match=said):
        read(text.encode())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "a": 2}', "the key 'a' is there twice in one object"),
        ('{"a": 1.5}', "a is 1.5, which is no whole number"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1e400}', "no whole number"),
        ('{"a": %s}' % ("9" * 5000), "not JSON"),
        ('{"a": 99999999999}', "no whole number of a usable size"),
        ('{"a": "\\ud800"}', "cannot be printed"),
        ('{"a": "\\u0000"}', "cannot be printed"),
        ('{"\\u0000": 1}', "cannot be printed"),
        ('{"a": ' + "[" * 40 + "]" * 40 + "}", "nested more than 12 levels"),
        ('{"a": ' + "[" * 100_000, "nested more than 12 levels|not JSON"),
        ('{"a": 1', "not JSON"),
        ("{'a': 1}", "not JSON"),
    ],
)
def test_json_that_hides_something_is_refused(text, said):
    with pytest.raises(Invalid, match=said):
        read(text.encode())


def test_a_document_is_limited():
    fitting = b'{"a": "' + b"x" * (LARGEST_BYTES - 9) + b'"}'
    assert len(fitting) == LARGEST_BYTES
    assert read(fitting)["a"].startswith("x")
    with pytest.raises(Invalid, match="262,145 bytes"):
        read(fitting + b" ")


def test_text_that_is_not_utf8_is_refused():
    with pytest.raises(Invalid, match="UTF-8"):
        read(b"a: \xff\n")


@pytest.mark.parametrize("data", [{1: "x"}, {"a": 1.5}, {"a": {"b": object()}}, {"a": b"x"}])
def test_data_that_came_another_way_is_checked_too(data):
    with pytest.raises(Invalid):
        checked(data)
