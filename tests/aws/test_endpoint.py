"""Practice never reaches AWS, production never anything else."""

import pytest

from drsorch.aws.endpoint import endpoint_problem

LOCAL = "http://127.0.0.1:4566"
TABLE = [
    ("demo", {"AWS_ENDPOINT_URL": LOCAL}, None),
    ("test", {"AWS_ENDPOINT_URL": "http://127.8.9.10:1"}, None),
    ("test", {"AWS_ENDPOINT_URL": "http://localhost:4566"}, None),
    ("test", {"AWS_ENDPOINT_URL": "https://[::1]:4566"}, None),
    ("test", {"AWS_ENDPOINT_URL": LOCAL, "AWS_ENDPOINT_URL_DRS": "http://127.0.0.1:9"}, None),
    ("test", {"AWS_ENDPOINT_URL": LOCAL, "AWS_ENDPOINT_URL_DRS": ""}, None),
    ("demo", {}, "AWS_ENDPOINT_URL is not set"),
    ("demo", {"AWS_ENDPOINT_URL": ""}, "AWS_ENDPOINT_URL is not set"),
    ("test", {"AWS_ENDPOINT_URL_DRS": LOCAL}, "AWS_ENDPOINT_URL is not set"),
    ("demo", {"AWS_ENDPOINT_URL": "https://drs.us-east-1.amazonaws.com"}, "AWS_ENDPOINT_URL is 'https://drs"),
    ("test", {"AWS_ENDPOINT_URL": LOCAL, "AWS_ENDPOINT_URL_EC2": "http://10.0.0.1"}, "AWS_ENDPOINT_URL_EC2 is"),
    ("test", {"AWS_ENDPOINT_URL": "http://localhost.example.com"}, "loopback"),
    ("test", {"AWS_ENDPOINT_URL": "http://127.0.0.1@192.0.2.1/"}, "loopback"),
    ("test", {"AWS_ENDPOINT_URL": "http://192.0.2.1\\@127.0.0.1/"}, "loopback"),
    ("test", {"AWS_ENDPOINT_URL": "http://127.0.0.1.example.com"}, "loopback"),
    ("test", {"AWS_ENDPOINT_URL": "http://0.0.0.0:4566"}, "loopback"),
    ("test", {"AWS_ENDPOINT_URL": "http://[::ffff:192.0.2.1]"}, "loopback"),
    ("test", {"AWS_ENDPOINT_URL": "http://[::1"}, "loopback"),
    ("test", {"AWS_ENDPOINT_URL": "http://127.0.0.1:99999"}, "loopback"),
    ("test", {"AWS_ENDPOINT_URL": "127.0.0.1:4566"}, "loopback"),
    ("test", {"AWS_ENDPOINT_URL": "ftp://127.0.0.1"}, "loopback"),
    ("production", {}, None),
    ("production", {"AWS_ENDPOINT_URL": ""}, None),
    ("production", {"AWS_ENDPOINT": LOCAL}, None),
    ("production", {"AWS_ENDPOINT_URL": LOCAL}, "AWS_ENDPOINT_URL must not be set in production"),
    ("production", {"AWS_ENDPOINT_URL_SNS": "https://x"}, "AWS_ENDPOINT_URL_SNS must not be set in production"),
    ("staging", {"AWS_ENDPOINT_URL": LOCAL}, "must not be set in staging"),
]


@pytest.mark.parametrize(("environment", "environ", "problem"), TABLE)
def test_an_endpoint_fits_its_environment(environment, environ, problem):
    said = endpoint_problem(environment, environ)
    if problem is None:
        assert said is None
    else:
        assert problem in said
        assert said.endswith(".")
