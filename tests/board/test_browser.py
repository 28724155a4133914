"""Two boards in a real browser on a small phone: a neighbour comes in by a code, at night.

Run by `make test-all`. LUMBRE_SCREENSHOTS=FOLDER keeps a picture of each step.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PHONE = {"width": 360, "height": 640}
START_MAX_MS = 20_000

pytestmark = pytest.mark.browser


@pytest.fixture
def boards(tmp_path: Path) -> Iterator[list[str]]:
    """The addresses of two running boards: the first has a community, the second nothing yet."""
    said = {"env": os.environ | {"LUMBRE_LANG": "es"}, "text": True}
    run = [sys.executable, "-m", "lumbre"]
    found = ["found", "Comuna La Vega", "--person", "Ana Ruiz", "--home", str(tmp_path / "a")]
    subprocess.run([*run, *found], check=True, capture_output=True, **said)
    running, pages = [], []
    try:
        for name in "ab":
            up = ["up", "--home", str(tmp_path / name), "--port", "0", "--lan-port", "0"]
            running.append(subprocess.Popen([*run, *up], stdout=subprocess.PIPE, **said))
            pages.append(running[-1].stdout.readline().strip())
        yield pages
    finally:
        for process in running:
            process.terminate()
            process.communicate()


class Phone:
    """A small screen without scripts, and what went wrong on it."""

    def __init__(self, browser, name: str, at: str) -> None:
        context = browser.new_context(
            viewport=PHONE, java_script_enabled=False, locale="es-VE", device_scale_factor=2
        )
        self.page = context.new_page()
        self.page.set_default_timeout(START_MAX_MS)
        self.wrong: list[str] = []
        self.page.on("console", lambda said: self.wrong.append(said.text))
        self._name, self._at, self._shots = name, at, 0

    def go(self, path: str) -> None:
        self.page.goto(self._at.rstrip("/") + path)

    def look(self, what: str) -> None:
        """Everything fits the screen's width; keep a picture if one is wanted."""
        assert self.page.locator("main").bounding_box()["width"] <= PHONE["width"]
        folder = os.environ.get("LUMBRE_SCREENSHOTS")
        if folder:
            self._shots += 1
            path = Path(folder) / f"{self._name}-{self._shots:02}-{what}.png"
            self.page.screenshot(path=path, full_page=True)

    def words(self) -> list[str]:
        return [one.strip() for one in self.page.locator(".words b").all_inner_texts()]


@pytest.mark.needs("chromium")
def test_a_neighbour_comes_in_by_a_code(boards: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        keeper, newcomer = (
            Phone(browser, name, at)
            for name, at in zip(("keeper", "newcomer"), boards, strict=True)
        )
        keeper.go("/community")
        keeper.look("community")
        keeper.page.get_by_role("button", name="Abrir un código").click()
        code = keeper.page.locator(".code").inner_text().strip()
        keeper.page.locator("summary").click()
        assert keeper.page.locator("svg.qr").bounding_box()["width"] > 200
        keeper.look("code")
        newcomer.go("/start")
        newcomer.look("start")
        newcomer.page.locator("#code").fill("77-mala-clave")
        newcomer.page.locator("#who").fill("Beto Páez")
        address = keeper.page.locator(".plain code").first.inner_text()
        newcomer.page.locator("#address").fill(address)
        newcomer.page.get_by_role("button", name="Entrar con este código").click()
        newcomer.look("searching")
        newcomer.page.locator("#error").wait_for()
        assert newcomer.page.locator("#who").input_value() == "Beto Páez"
        newcomer.look("wrong-code")
        newcomer.page.locator("#code").fill(code)
        newcomer.page.get_by_role("button", name="Entrar con este código").click()
        newcomer.page.locator(".words").wait_for()
        newcomer.look("words")
        keeper.page.locator(".asks").wait_for()
        keeper.look("asks")
        assert keeper.words() == newcomer.words()
        assert len(keeper.words()) == 6
        keeper.page.locator("input[name=heard]").check()
        keeper.page.get_by_role("button", name="Admitir a Beto Páez").click()
        keeper.look("admitted")
        newcomer.page.get_by_text("Ya está en la comunidad").first.wait_for()
        newcomer.look("in")
        for phone in (keeper, newcomer):
            phone.go("/network")
            phone.look("network")
            phone.go("/")
            assert "La Vega" in phone.page.locator(".brand").inner_text()
            phone.look("today")
            # A form that comes back filled is the one thing that a browser may complain of.
            assert [said for said in phone.wrong if "422" not in said] == []
        browser.close()
