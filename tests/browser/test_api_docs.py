"""The page of the API's documentation in a real browser: it works under the content policy."""

from playwright.sync_api import expect


def test_swagger_shows_the_document_and_breaks_no_policy(strict_page, sign_in, live_server, vera):
    sign_in(vera.user)

    strict_page.goto(f"{live_server.url}/api/v1/docs")

    expect(strict_page.locator("#swagger-ui .info .title")).to_contain_text("drsorch", timeout=15_000)
    strict_page.locator("#operations-Users-get_users_profile").click()
    expect(strict_page.locator("#operations-Users-get_users_profile .opblock-body")).to_be_visible()
