"""The configuration from the command line and at the admin site."""

import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from drsorch.config.reading import LARGEST_BYTES
from executions.configuration import as_text
from protection.models import ProtectionGroup, TargetAccount
from tests import factories

pytestmark = pytest.mark.django_db


def test_from_the_command_line(live, empty, ada, tmp_path):
    file, secret = tmp_path / "drsorch.json", tmp_path / "secret"
    file.write_text(as_text(live))
    secret.write_text("minimal-external-id\n")
    given = ["import", str(file), "--as", "ada", "--external-id", f"{factories.TARGET}={secret}"]

    said = io.StringIO()
    call_command("configuration", *given, stdout=said)
    assert "6 changes would be made. Nothing was changed: use --apply" in said.getvalue()
    assert not TargetAccount.objects.exists()

    call_command("configuration", *given, "--apply", stdout=said)
    out = io.StringIO()
    call_command("configuration", "export", "--as", "ada", stdout=out)
    assert out.getvalue() == as_text(live)

    file.write_bytes(b"x" * (LARGEST_BYTES + 1))
    with pytest.raises(CommandError, match="are read at most"):
        call_command("configuration", *given)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("configuration", "import", str(tmp_path / "none"), "--as", "ada")


def test_at_the_admin_site(estate, ada, olga, client):
    for person in (ada, olga):
        person.user.is_staff = True
        person.user.save()
    pages = reverse("admin:config_settings_changelist")
    estate["protectionGroups"][0]["tier"] = "silver <b>"
    file = SimpleUploadedFile("c.json", as_text(estate).encode())

    client.force_login(olga.user)
    assert "Export" not in client.get(pages).content.decode()
    assert client.post(f"{pages}export/").status_code == 403
    assert client.post(f"{pages}import/", {"file": file}).status_code == 403

    client.force_login(ada.user)
    assert json.loads(client.post(f"{pages}export/").content)["format"] == "drsorch-configuration"
    file.seek(0)
    shown = client.post(f"{pages}import/", {"file": file})
    assert "tier: gold → silver &lt;b&gt;" in shown.content.decode()
    assert ProtectionGroup.objects.get(name="App").tier == "gold"

    given = {name: shown.context_data[name] for name in ("document", "fingerprint")}
    assert client.post(f"{pages}import/", given, follow=True).redirect_chain
    assert ProtectionGroup.objects.get(name="App").tier == "silver <b>"
    again = client.post(f"{pages}import/", given, follow=True)
    assert "since the dry run" in again.content.decode()
    refused = client.post(f"{pages}import/", {"file": SimpleUploadedFile("c.yaml", b"a: &a b")}, follow=True)
    assert "anchors and aliases are not allowed" in refused.content.decode()
