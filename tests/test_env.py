"""Settings from the environment: typed, also from files, and loud when wrong."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from drsorch import env


@pytest.fixture(autouse=True)
def empty(monkeypatch):
    for name in ("NAME", "NAME_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (env.text, "x y", "x y"),
        (env.text, "", ""),
        (env.flag, "1", True),
        (env.flag, "Yes", True),
        (env.flag, "off", False),
        (env.flag, "", False),
        (lambda name: env.whole(name, 7), "0012", 12),
        (lambda name: env.decimal(name, 7), "0.5", 0.5),
        (env.listed, " a, b ,,c ", ["a", "b", "c"]),
        (env.listed, "", []),
        (env.pairs, " a=b , c=d=e ", {"a": "b", "c=d": "e"}),
        (env.pairs, "", {}),
        (lambda name: env.choice(name, "a", ("a", "b")), "b", "b"),
    ],
)
def test_a_value_is_read_as_its_type(monkeypatch, function, value, expected):
    monkeypatch.setenv("NAME", value)
    assert function("NAME") == expected


def test_without_a_value_the_default_is_used():
    assert env.text("NAME", "default") == "default"
    assert env.flag("NAME", default=True) is True
    assert env.whole("NAME", 7) == 7
    assert env.decimal("NAME", 0.25) == 0.25
    assert env.choice("NAME", "a", ("a", "b")) == "a"


@pytest.mark.parametrize(
    ("function", "value", "sentence"),
    [
        (lambda name: env.choice(name, "a", ("a", "b")), "c", "NAME is 'c'. It must be one of a, b."),
        (env.flag, "maybe", "NAME is 'maybe'. Use 1 or 0."),
        (lambda name: env.whole(name, 7), "-1", "NAME is '-1'. It must be a whole number, 0 or more."),
        (lambda name: env.whole(name, 7), "1.5", "whole number"),
        (lambda name: env.whole(name, 7), "²", "whole number"),
        (lambda name: env.decimal(name, 7), "-0.1", "NAME is '-0.1'. It must be a number, 0 or more."),
        (lambda name: env.decimal(name, 7), "nan", "number, 0 or more"),
        (lambda name: env.decimal(name, 7), "inf", "number, 0 or more"),
        (lambda name: env.decimal(name, 7), "fast", "number, 0 or more"),
        (env.pairs, "a=b,c", "NAME has 'c'. Write pairs like one=two, with commas between them."),
        (env.pairs, "=b", "NAME has '=b'."),
        (env.pairs, "a=", "NAME has 'a='."),
    ],
)
def test_a_wrong_value_is_refused_with_its_name(monkeypatch, function, value, sentence):
    monkeypatch.setenv("NAME", value)
    with pytest.raises(ImproperlyConfigured) as refusal:
        function("NAME")
    assert sentence in str(refusal.value)


def test_a_value_that_is_needed_and_missing_is_refused_with_both_its_names():
    with pytest.raises(ImproperlyConfigured, match=r"NAME is not set.*NAME_FILE"):
        env.text("NAME")


def test_a_secret_may_stand_in_a_file(monkeypatch, tmp_path):
    file = tmp_path / "secret"
    file.write_text("from the file\n", encoding="utf-8")
    monkeypatch.setenv("NAME_FILE", str(file))
    monkeypatch.setenv("NAME", "from the environment")

    assert env.text("NAME") == "from the file"


def test_a_file_that_cannot_be_read_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("NAME_FILE", str(tmp_path / "none"))
    with pytest.raises(ImproperlyConfigured, match=r"NAME_FILE names .*none, which cannot be read: No such file"):
        env.text("NAME", "default")
