"""The admin site in a real browser, under the strict content policy."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from plans.models import RecoveryPlan
from protection import inventory
from protection.models import ProtectionGroup, SourceServer
from protection.services import register_account
from tests import factories
from tests.access.conftest import staff
from tests.protection.making import described


@pytest.fixture
def group(ada):
    """A group of two of three servers."""
    account = register_account(actor=ada, account_id=factories.HUB, name="Hub", regions=["us-east-1"])
    inventory.upsert(account, "us-east-1", [described(number) for number in (1, 2, 3)], timezone.now())
    row = ProtectionGroup.objects.create(name="Databases", account=account, region="us-east-1")
    SourceServer.objects.exclude(hostname="host-3").update(group=row)
    return row


@pytest.fixture
def admin_page(strict_page, live_server, sign_in, ada):
    """Open a page of the admin site as ada."""
    sign_in(staff(ada).user)

    def opened(path):
        strict_page.goto(f"{live_server.url}/admin/{path}")
        return strict_page

    return opened


def test_lists_and_forms_work_under_the_strict_policy(admin_page, group):
    for path in ("", "protection/sourceserver/", "access/user/", "audit/auditevent/", "protection/targetaccount/add/"):
        expect(admin_page(path).locator("#content")).to_be_visible()


def test_the_server_picker_moves_servers(admin_page, group):
    page = admin_page(f"protection/protectiongroup/{group.pk}/change/")
    expect(page.locator("#id_server_ids_to option")).to_have_count(2)
    page.locator("#id_server_ids_from option").first.dblclick()
    expect(page.locator("#id_server_ids_to option")).to_have_count(3)


def test_waves_are_added_and_removed_in_the_page(admin_page, group):
    page = admin_page("plans/recoveryplan/add/")
    page.get_by_label("Name:").first.fill("Billing")
    page.locator("#id_waves-0-name").fill("Databases")
    page.locator("#id_waves-0-groups").select_option(str(group.pk))
    page.get_by_role("button", name="Add another wave").click()
    page.get_by_role("button", name="Add another wave").click()
    expect(page.locator("#id_waves-2-name")).to_be_visible()
    page.locator("#waves-2").get_by_role("button", name="Remove").click()
    expect(page.locator("#id_waves-2-name")).to_have_count(0)
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator(".messagelist .success")).to_contain_text("was added successfully")
    assert RecoveryPlan.objects.get().waves.get().name == "Databases"
