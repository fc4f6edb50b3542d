"""Log lines: complete, one each, and without secrets."""

import json
import logging
import sys
from decimal import Decimal

import pytest

from drsorch.logs import JsonFormatter, TextFormatter, timed


def record(message="hello", *args, level=logging.INFO, error=None, **extra):
    made = logging.getLogger("a.b").makeRecord("a.b", level, "file.py", 7, message, args, error, extra=extra)
    made.created = 1_700_000_000.25
    return made


def line(*args, **extra):
    text = JsonFormatter().format(record(*args, **extra))
    assert "\n" not in text
    return json.loads(text)


def failure():
    try:
        raise ValueError("password=hunter2 is wrong")
    except ValueError:
        return sys.exc_info()


def test_a_line_has_time_level_logger_and_message():
    assert line("%d servers", 3, level=logging.WARNING) == {
        "time": "2023-11-14T22:13:20.250Z",
        "level": "WARNING",
        "logger": "a.b",
        "message": "3 servers",
    }


def test_what_extra_adds_is_in_the_line_with_its_type():
    added = line(execution=5, took_ms=1.5, done=True, actor=None, regions=["eu-west-1"], price=Decimal("1.5"))
    assert {name: added[name] for name in ("execution", "took_ms", "done", "actor", "regions", "price")} == {
        "execution": 5,
        "took_ms": 1.5,
        "done": True,
        "actor": None,
        "regions": ["eu-west-1"],
        "price": "1.5",
    }


def test_extra_cannot_replace_a_standard_member():
    assert line(logger="forged", time="forged") == line()


def test_a_message_with_line_breaks_stays_one_line():
    assert line("first\nsecond\u2028third")["message"] == "first\nsecond\u2028third"


def test_a_traceback_is_in_the_line_without_the_secret():
    traceback = line(level=logging.ERROR, error=failure())["traceback"]
    assert "ValueError: password=[hidden] is wrong" in traceback
    assert "hunter2" not in traceback.replace('raise ValueError("password=hunter2', "")


@pytest.mark.parametrize("name", ["password", "api_token", "SECRET_KEY", "secret_access_key", "external_id", "cookie"])
def test_the_value_of_a_secret_extra_is_hidden(name):
    assert line(**{name: "s3cret"})[name] == "[hidden]"
    assert line(request={name: "s3cret", "page": 2})["request"] == {name: "[hidden]", "page": 2}


@pytest.mark.parametrize(
    "text",
    [
        "login with password=s3cret failed",
        "Authorization: Bearer s3cret",
        "{'aws_secret_access_key': 's3cret'}",
        '{"token": "s3cret"}',
        "/callback?state=1&access_token=s3cret&page=2",
    ],
)
def test_a_secret_in_a_message_is_hidden(text):
    assert "s3cret" not in line(text)["message"]
    assert "[hidden]" in line("said %s", text)["message"]
    assert "s3cret" not in json.dumps(line(answer=text))
    assert "s3cret" not in TextFormatter().format(record(text))


def test_ordinary_text_is_left_alone():
    text = "Wave 2 of 'Web' starts: 14 servers, job drsjob-1, key rotation due, tokens of vera listed"
    assert line(text)["message"] == text


def test_text_for_a_terminal_shows_the_level_only_when_it_matters():
    assert TextFormatter().format(record("all is well"))[8:] == " all is well"
    assert TextFormatter().format(record("oh", level=logging.ERROR, wave=2))[8:] == " ERROR oh wave=2"


def test_text_for_a_terminal_ends_with_the_traceback():
    text = TextFormatter().format(record(level=logging.ERROR, error=failure()))
    assert text.splitlines()[-1] == "ValueError: password=[hidden] is wrong"


def test_a_piece_of_work_writes_one_line_when_it_has_ended(caplog):
    caplog.set_level("INFO")
    with timed(logging.getLogger("a.b"), "Poll", poller=5) as facts:
        assert caplog.records == []
        facts["jobs"] = 2
    with pytest.raises(ValueError, match="no"), timed(logging.getLogger("a.b"), "Poll", poller=6):
        raise ValueError("no")

    good, bad = caplog.records
    assert (good.levelname, good.poller, good.jobs, good.outcome) == ("INFO", 5, 2, "ok")
    assert (bad.levelname, bad.poller, bad.outcome) == ("ERROR", 6, "failed")
    assert good.duration_ms >= 0
    assert good.getMessage() == f"Poll: ok in {good.duration_ms} ms"
