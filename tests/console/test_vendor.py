"""The vendored assets are the ones of the lock, and everything that the console uses of them exists."""

import json
import re
from pathlib import Path

from django.conf import settings

from drsorch.console.vendoring import LOCK, VENDOR, manifest, sha256

PACKAGES = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
TEMPLATES = [file.read_text(encoding="utf-8") for file in (settings.BASE_DIR / "templates").rglob("*.html")]


def custom_properties(*names: str) -> set[str]:
    sheets = "".join((settings.BASE_DIR / "static" / name).read_text(encoding="utf-8") for name in names)
    return set(re.findall(r"(--[a-z0-9-]+):", sheets))


def test_every_vendored_file_is_the_one_in_the_lock():
    locked = {name: digest for package in PACKAGES for name, digest in package["sha256"].items()}
    present = {str(file.relative_to(VENDOR)): sha256(file) for file in VENDOR.rglob("*") if file.is_file()}
    del present[LOCK.name]
    assert present == locked


def test_the_lock_holds_the_versions_pinned_in_the_manifest():
    assert {package["name"]: package["version"] for package in PACKAGES} == manifest()["dependencies"]


def test_every_vendored_package_keeps_its_licence_text():
    for package in PACKAGES:
        assert package["licence"]
        assert any(name.startswith("licences/") for name in package["sha256"]), package["name"]


def test_no_file_names_a_registry():
    for file in [*VENDOR.rglob("*.*"), settings.BASE_DIR / "package.json"]:
        assert b"registry." not in file.read_bytes(), file


def test_every_icon_named_in_a_template_is_in_the_sprite():
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (VENDOR / "icons.svg").read_text(encoding="utf-8")))
    named = {name for text in TEMPLATES for name in re.findall(r'(?:{% icon |icon=)"([^"]+)"', text)}
    assert named - drawn == set()
    assert {"plans", "executions"} <= named | drawn


def test_every_custom_property_used_by_the_style_sheets_is_defined():
    defined = custom_properties("vendor/tokens.css", "css/console.css", "css/admin.css")
    for name in ("css/console.css", "css/admin.css"):
        sheet = (settings.BASE_DIR / "static" / name).read_text(encoding="utf-8")
        assert set(re.findall(r"var\((--[a-z0-9-]+)", sheet)) - defined == set()


def test_the_script_keeps_to_its_size():
    lines = Path(settings.BASE_DIR / "static" / "js" / "console.js").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 200
