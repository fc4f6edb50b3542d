"""A browser without a screen: pages over HTTP with cookies, and their forms."""

import http.client
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from http.cookies import SimpleCookie
from urllib.parse import urlencode

HREF = re.compile(r'href="([^"]+)"')
Fields = dict[str, str]


@dataclass
class Form:
    """A form of a page. `typed` are fields in which people repeat what the page says."""

    action: str
    fields: Fields = field(default_factory=dict)
    typed: Fields = field(default_factory=dict)
    choices: list[tuple[str, str]] = field(default_factory=list)
    is_post: bool = False
    has_open_button: bool = False


@dataclass(frozen=True)
class Page:
    """An answer."""

    status: int
    text: str
    address: str

    @property
    def forms(self) -> list[Form]:
        """Its forms, in order."""
        parser = _Forms(self.address)
        parser.feed(self.text)
        return parser.found

    def links(self, pattern: str) -> list[str]:
        """Its links that match."""
        return sorted({href for href in HREF.findall(self.text) if re.fullmatch(pattern, href)})


class Browser:
    """Keeps cookies. Raises OSError and HTTPException when the server is away or dies over it."""

    def __init__(self, port: int, seconds: float) -> None:
        self.port, self.seconds = port, seconds
        self.cookies: Fields = {}

    def get(self, address: str, **headers: str) -> Page:
        """Open a page; one redirect is followed."""
        page = self._ask("GET", address, None, headers)
        return self._ask("GET", page.text, None, headers) if _is_redirect(page) else page

    def post(self, form: Form) -> Page:
        """Send a form as it stands; the redirect after it is not followed."""
        return self._ask("POST", form.action, urlencode({**form.fields, **form.typed}), {})

    def _ask(self, method: str, address: str, body: str | None, headers: Fields) -> Page:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.seconds)
        cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        try:
            connection.request(method, address, body, {**cookies, **kind, **headers})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        finally:
            connection.close()
        for value in answer.headers.get_all("Set-Cookie") or ():
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(value).items()}
        location = answer.headers.get("Location")
        return Page(answer.status, location or text, address)


def _is_redirect(page: Page) -> bool:
    return HTTPStatus.MULTIPLE_CHOICES <= page.status < HTTPStatus.BAD_REQUEST


class _Forms(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.found: list[Form] = []
        self.inside = False

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in given}
        if tag == "form":
            self.inside = True
            is_post = attributes.get("method", "").lower() == "post"
            self.found.append(Form(attributes.get("action") or self.address, is_post=is_post))
        elif self.inside:
            self._part(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "form"

    def _part(self, tag: str, attributes: Fields) -> None:
        form, name, value = self.found[-1], attributes.get("name", ""), attributes.get("value", "")
        if tag == "button" and attributes.get("type", "submit") == "submit" and "disabled" not in attributes:
            form.has_open_button = form.has_open_button or attributes.get("aria-disabled") != "true"
            if name:
                form.choices.append((name, value))
        elif tag in {"input", "textarea"} and name:
            if attributes.get("type") in {"radio", "checkbox"}:
                form.choices.append((name, value or "on"))
            elif "data-typed" in attributes:
                form.typed[name] = attributes["data-typed"]
            else:
                form.fields[name] = value
