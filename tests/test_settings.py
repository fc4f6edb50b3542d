"""A process with a wrong environment does not start, and says why in one sentence. Real processes throughout."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent
LOCAL = "http://127.0.0.1:4566"
PRODUCTION = {
    "DRSORCH_ENVIRONMENT": "production",
    "SECRET_KEY": "k3y-" * 20 + "of-many-characters",
    "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
    "AUDIT_KEY": "4ud1t-" * 10,
    "ALLOWED_HOSTS": "example.com",
}
PROVIDER = {**PRODUCTION, "OIDC_ISSUER": "https://people.example.com", "OIDC_RP_CLIENT_ID": "drsorch"}
DEMO = {"DRSORCH_ENVIRONMENT": "demo", "AWS_ENDPOINT_URL": LOCAL}


@pytest.fixture
def run(tmp_path):
    """Run Python in the project with only this environment, on an empty data folder."""

    def run(*arguments, **environment):
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**kept, "DRSORCH_DATA_DIR": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def without(environment, *names):
    return {name: value for name, value in environment.items() if name not in names}


REFUSED = [
    ("migrate", without(DEMO, "AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL is not set, and in demo nothing may reach"),
    ("worker", {**DEMO, "AWS_ENDPOINT_URL": "https://drs.us-east-1.amazonaws.com"}, "only a loopback address will do"),
    ("demo", {"AWS_ENDPOINT_URL": "https://drs.us-east-1.amazonaws.com"}, "only a loopback address will do"),
    ("migrate", {**PRODUCTION, "AWS_ENDPOINT_URL": LOCAL}, "AWS_ENDPOINT_URL must not be set in production"),
    ("check", {**DEMO, "DRSORCH_ENVIRONMENT": "dmeo"}, "DRSORCH_ENVIRONMENT is 'dmeo'. It must be one of production"),
    ("migrate", without(PRODUCTION, "SECRET_KEY"), "SECRET_KEY is not set"),
    ("migrate", without(PRODUCTION, "ENCRYPTION_KEYS"), "ENCRYPTION_KEYS is not set"),
    ("migrate", without(PRODUCTION, "AUDIT_KEY"), "AUDIT_KEY is not set"),
    ("worker", {**DEMO, "DRSORCH_WORKERS": "many"}, "DRSORCH_WORKERS is 'many'"),
    ("worker", {**DEMO, "ENGINE_BLIND_RESEND": "1"}, "are for tests"),
    ("check", {**PRODUCTION, "OIDC_ISSUER": "https://people.example.com"}, "OIDC_RP_CLIENT_ID is not set"),
    ("check", {**PROVIDER, "OIDC_ISSUER": "http://people.example.com"}, "must begin with https://"),
    ("check", {**PROVIDER, "OIDC_API_AUDIENCE": "drsorch"}, "OIDC_API_AUDIENCE is the id of a client"),
]


@pytest.mark.parametrize(("command", "environment", "sentence"), REFUSED)
def test_a_wrong_environment_is_one_line_and_nothing_starts(run, tmp_path, command, environment, sentence):
    ended = run("manage.py", command, **environment)

    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert ended.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_the_web_server_does_not_start_with_a_wrong_endpoint(run):
    ended = run("-c", "import drsorch.wsgi", **{**PRODUCTION, "AWS_ENDPOINT_URL": LOCAL})

    assert ended.returncode != 0
    assert "AWS_ENDPOINT_URL must not be set in production" in ended.stderr.splitlines()[-1]


FAULTS = {
    "a key that can be guessed": ({"AUDIT_KEY": "canary-short"}, "AUDIT_KEY is shorter than 32 characters."),
    "a key that is none": ({"ENCRYPTION_KEYS": "canary-not-a-key"}, "Entry 1 of ENCRYPTION_KEYS"),
    "a role that is none": ({"OIDC_GROUP_ROLES": "a=DRSOperators"}, "OIDC_GROUP_ROLES gives 'DRSOperators'"),
}


@pytest.mark.parametrize(("changes", "sentence"), FAULTS.values(), ids=FAULTS)
def test_the_web_server_does_not_start_with_what_commands_refuse(run, changes, sentence):
    ended = run("-c", "import drsorch.wsgi", **{**PROVIDER, **changes})

    assert ended.returncode != 0
    assert sentence in ended.stderr.splitlines()[-1]
    assert "canary" not in ended.stderr + ended.stdout


def test_an_unknown_option_is_named_without_a_traceback(run):
    ended = run("manage.py", "worker", "--fast", **DEMO)

    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == "manage.py worker: error: unrecognized arguments: --fast"
    assert "Traceback" not in ended.stderr


def test_a_misspelt_command_is_answered_with_the_right_one(run):
    ended = run("manage.py", "wroker", **DEMO)

    assert ended.returncode == 1
    assert "Unknown command: 'wroker'. Did you mean worker?" in ended.stderr


def test_production_settings_are_clean(run):
    ended = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert (ended.returncode, ended.stderr) == (0, "")


def test_an_encryption_key_that_is_none_is_found_and_not_shown(run):
    keys = f"{PRODUCTION['ENCRYPTION_KEYS']},canary-not-a-key"
    ended = run("manage.py", "check", **{**PRODUCTION, "ENCRYPTION_KEYS": keys})

    assert ended.returncode == 1
    assert "Entry 2 of ENCRYPTION_KEYS is not a Fernet key." in ended.stderr
    assert "canary" not in ended.stderr + ended.stdout


def test_an_audit_key_that_can_be_guessed_is_found_and_not_shown(run):
    ended = run("manage.py", "check", **{**PRODUCTION, "AUDIT_KEY": "canary-short"})

    assert ended.returncode == 1
    assert "AUDIT_KEY is shorter than 32 characters." in ended.stderr
    assert "canary" not in ended.stderr + ended.stdout


def test_the_audit_key_may_be_in_a_file(run, tmp_path):
    (tmp_path / "key").write_text("k" * 40 + "\n")
    shown = "from django.conf import settings; print(len(settings.AUDIT_KEY))"
    environment = without(PRODUCTION, "AUDIT_KEY") | {"AUDIT_KEY_FILE": str(tmp_path / "key")}

    assert run("manage.py", "shell", "--no-imports", "-c", shown, **environment).stdout == "40\n"


def test_a_group_that_is_to_give_a_role_that_does_not_exist_is_found(run):
    ended = run("manage.py", "check", **{**PROVIDER, "OIDC_GROUP_ROLES": "a=DRSOperator,b=DRSOperators"})

    assert ended.returncode == 1
    assert "OIDC_GROUP_ROLES gives 'DRSOperators' to the group b, which is no role." in ended.stderr


@pytest.mark.parametrize(("environment", "prefix"), [(PRODUCTION, "__Host-"), (DEMO, "")])
def test_in_production_the_session_s_cookie_is_of_this_host_alone_and_passwords_are_off(run, environment, prefix):
    shown = (
        "SESSION_COOKIE_NAME",
        "SESSION_COOKIE_SECURE",
        "SESSION_COOKIE_PATH",
        "SESSION_COOKIE_DOMAIN",
        "LOCAL_SIGN_IN",
    )
    code = f"from django.conf import settings as s; print(*(getattr(s, name) for name in {shown}))"
    ended = run("-c", code, DJANGO_SETTINGS_MODULE="drsorch.settings", **environment)

    is_production = bool(prefix)
    assert ended.stdout.split() == [
        f"{prefix}drsorch_session",
        str(is_production),
        "/",
        "None",
        str(not is_production),
    ]


@pytest.mark.django_db
def test_models_and_migrations_agree():
    said = StringIO()
    call_command("makemigrations", dry_run=True, no_color=True, stdout=said)
    assert said.getvalue() == "No changes detected\n"


LEAVES_GARBAGE = """
import gc, weakref
import drsorch.wsgi
from django.core.signals import request_finished

class Left: pass
left = Left()
left.itself, known = left, weakref.ref(left)
del left
held = [[] for _ in range(100_000)]
print("left" if known() else "freed")
request_finished.send(None)
print("left" if known() else "freed")
"""


def test_the_web_server_starts_in_production_and_looks_for_garbage_between_requests(run):
    ended = run("-c", LEAVES_GARBAGE, **PRODUCTION)

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["left", "freed"], ended.stderr
