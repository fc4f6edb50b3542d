"""docs/permissions.md lists what AWS must allow: exactly what the code says."""

from pathlib import Path

from drsorch.aws import iam

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"


def test_the_page_lists_the_actions_of_the_code():
    _, of_aws = PAGE.read_text().split("## What AWS must allow\n")
    blocks = of_aws.split("```")[1::2]

    assert [tuple(block.split()) for block in blocks] == [iam.OUR_CALLS, iam.DRS_WITH_OUR_RIGHTS, iam.FOR_THE_CHECKS]
