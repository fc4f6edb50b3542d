"""The codes of errors: those that the guide lists are those that there are."""

import re
from pathlib import Path

from drsorch.api.error_examples import BY_STATUS, CONFLICTS
from drsorch.api.problems import PLAIN
from drsorch.aws.errors import AwsQuota
from tests.api.test_schema import documented_codes

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("drsorch", "protection", "plans", "executions")
RAISED = re.compile(r'\bcode(?:: str)? = "([A-Z_]{5,})"|\bcode="([A-Z_]{5,})"|no_twin\([^)]*"([A-Z_]{5,})"')
# Of commands, and of the pages of signing in: these have no envelope.
ELSEWHERE = {"ADMINISTRATOR_EXISTS", "LOCKED_OUT", "SIGN_IN_REFUSED"}


def raised():
    """The codes in the product's own modules, and those of the framework's refusals."""
    found = {code for code, _ in PLAIN.values()} | {"CSRF_FAILED"}
    for package in PACKAGES:
        for module in (ROOT / package).rglob("*.py"):
            if "simulator" not in module.parts:
                groups = RAISED.findall(module.read_text(encoding="utf-8"))
                found |= {code for group in groups for code in group if code}
    return found - ELSEWHERE


def test_the_guide_lists_every_code_and_no_other():
    assert documented_codes() == raised()


def test_every_example_has_a_code_that_there_is():
    assert {code for code, *_ in BY_STATUS.values()} | CONFLICTS.keys() <= raised()


def test_a_quota_of_aws_that_is_used_up_is_a_conflict():
    error = AwsQuota("DRS refuses.", operation="StartRecovery")

    assert (error.status, error.code) == (409, "QUOTA_EXCEEDED")
