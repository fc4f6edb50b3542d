"""`manage.py simulator` as a user meets it."""

import signal
import socket

import pytest
from django.core.management import CommandError, call_command

from drsorch.simulator.control import SimulatorControl
from tests.simulator.endpoints import spawn


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop(number):
    process, url = spawn()
    try:
        health = SimulatorControl(url).health()
        process.send_signal(number)
        rest, errors = process.communicate(timeout=20)
    finally:
        process.kill()

    assert (health["world"], health["speed"]) == ("minimal", 0)
    assert (process.returncode, rest, errors) == (0, "Stopped.\n", "")


def test_a_taken_port_is_one_sentence_that_names_it_and_what_to_do(taken_port):
    with pytest.raises(CommandError) as refused:
        call_command("simulator", "--port", str(taken_port))

    assert str(refused.value) == f"Port {taken_port} is in use by another program; choose another one with --port."


BAD_OPTIONS = [
    (("--port", "70000"), "--port 70000 is no port"),
    (("--speed", "-1"), "--speed -1.0 is no speed"),
    (("--speed", "nan"), "--speed nan is no speed"),
    (("--world", "mars"), "invalid choice: 'mars'"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD_OPTIONS, ids=[case[1] for case in BAD_OPTIONS])
def test_an_option_that_makes_no_sense_is_refused(arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("simulator", *arguments)


def test_it_listens_on_loopback_only(simulator_server):
    assert simulator_server.url.startswith("http://127.0.0.1:")
