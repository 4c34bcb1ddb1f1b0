"""A gateway on a real port, a clinician who signs in, drafts from our own examples, a real Chromium."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, StorageState, expect, sync_playwright

from gateway import wiring
from gateway.rules.access import Caller
from gateway.settings import Settings
from gateway.usecases import register
from gateway.usecases.asked import Asked
from gateway.usecases.services import Services
from gateway.usecases.signin import add_patient, add_person
from tests.browser.house import House

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOGIN, PASSWORD = "ada.lindqvist", "a walk by the water at dusk"
PATIENT_LOGIN = "mara.quillfeather"
PICTURE = Path(__file__).parent / "review.png"


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = Settings(
        home=tmp_path_factory.mktemp("house"), port=port, public_url=f"http://127.0.0.1:{port}", database_url=None
    )
    wiring.upgrade(settings)
    app = wiring.app(settings)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield _furnished(app.state.services, settings.public_url)
    server.should_exit = True
    thread.join(10)


def _furnished(services: Services, address: str) -> House:
    """One clinic, one clinician who may review, one patient, who may sign in too; another clinic."""
    nobody = Caller("setup", "setup", "setup", frozenset(), "HSYSADMIN")
    clinic = register.organization(services, Asked(nobody, services.clock()), "Harbour Clinic").id
    caller = Caller("setup", "scribe", clinic, frozenset({"submission.write"}), "TREAT")
    asked = Asked(caller, services.clock())
    ada = register.practitioner(services, asked, "Lindqvist", ["Ada"], [("urn:example:staff", "ada")]).id
    mrn = ("urn:example:mrn", "1001")
    patient = register.patient(services, asked, clinic, "Quillfeather", ["Mara"], "female", "1988-05-04", [mrn]).id
    add_person(
        services,
        LOGIN,
        PASSWORD,
        practitioner=ada,
        organization=clinic,
        scopes=["review", "transcripts"],
        purpose="TREAT",
    )
    add_patient(services, asked, PATIENT_LOGIN, PASSWORD, patient)
    register.organization(services, asked, "Hill Practice")
    return House(services, address, asked, patient)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine; `make browser` installs one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, house: House) -> Iterator[Page]:
    """A page of a browser that has never been here."""
    with opened(chromium, house) as page:
        yield page


@contextmanager
def opened(chromium: Browser, house: House, state: StorageState | None = None) -> Iterator[Page]:
    """A page in a context of its own. Whatever a test does: no foreign request, no complaint of the browser."""
    context = chromium.new_context(base_url=house.address, viewport={"width": 1280, "height": 900}, storage_state=state)
    context.set_default_timeout(8000)
    page = context.new_page()
    foreign: list[str] = []
    complaints: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith(f"{house.address}/"):
            foreign.append(request.url)

    def heard(message: ConsoleMessage) -> None:
        # Chromium calls every answer of 4xx an error, also a page that says so on purpose.
        if message.type in ("error", "warning") and "responded with a status of 4" not in message.text:
            complaints.append(message.text)

    page.on("request", asked)
    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert foreign == []
    assert complaints == []


@pytest.fixture(scope="session")
def ticket(chromium: Browser, house: House) -> StorageState:
    """The cookie of one sign-in that many tests share: a password takes its time to check, on purpose."""
    context = chromium.new_context(base_url=house.address)
    page = context.new_page()
    sign_in(page)
    page.get_by_role("heading", name="Reviews").wait_for()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def signed_in(chromium: Browser, house: House, ticket: StorageState) -> Iterator[Page]:
    with opened(chromium, house, ticket) as page:
        page.goto("/pages/reviews")
        yield page


def sign_in(page: Page, *, login: str = LOGIN, password: str = PASSWORD, stay: bool = False) -> None:
    """Fill in the form and send it, on the sign-in page that is open already if told to `stay`."""
    if not stay:
        page.goto("/pages/sign-in")
    page.get_by_label("User name").fill(login)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def tabbed_to(page: Page, wanted: Locator, *, most: int = 80, arrows: bool = False) -> None:
    """Go on with the Tab key until `wanted` is focused; `arrows` also go through a group of choices."""
    for _ in range(most):
        if wanted.evaluate("node => node === document.activeElement"):
            break
        in_group = arrows and page.evaluate("document.activeElement.type === 'radio'")
        is_radio = wanted.get_attribute("type") == "radio"
        page.keyboard.press("ArrowDown" if in_group and is_radio else "Tab")
    expect(wanted).to_be_focused()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--picture", action="store_true", help="write tests/browser/review.png anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
