"""The headers that every response carries, and templates that can live with them."""

import re

import pytest
from django.conf import settings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
INLINE = re.compile(r"<style|<script(?![^>]*src=)|\sstyle=|\son[a-z]+=|hx-on|hx-vals='js|javascript:", re.IGNORECASE)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/account/sign-in", "/admin/login/", "/nothing-here"])
def test_every_page_has_the_strict_policy(client, address):
    headers = client.get(address, follow=True).headers
    assert headers["Content-Security-Policy"] == CSP
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "no-store" in headers["Cache-Control"]
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("file", sorted((settings.BASE_DIR / "templates").rglob("*.html")), ids=lambda file: file.name)
def test_no_template_has_anything_inline(file):
    assert INLINE.findall(file.read_text(encoding="utf-8")) == []
