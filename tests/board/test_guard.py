"""Attacks on the board from other pages. Each ends by asserting that nothing was written."""

from __future__ import annotations

import pytest

HOST = "http://127.0.0.1:8420"


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://127.0.0.1:8420.evil.example"},
        {"origin": "https://127.0.0.1:8420"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"referer": "http://evil.example/127.0.0.1:8420"},
        {},
    ],
)
def test_a_post_of_another_site_is_refused(browser, written, headers) -> None:
    slip, before = browser.slip("/needs/new"), written()
    fields = {"slip": slip, "good": "flour", "amount": "1 kg", "place": "x", "people": "1"}
    answer = browser.client.post("/needs/new", data=fields, headers=headers)
    assert answer.status_code == 403
    assert written() == before


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8420",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8420",
        "192.168.1.7:8420",
        "127.0.0.1:8420@evil.example",
        "",
    ],
)
def test_a_name_that_was_rebound_to_loopback_is_refused(browser, written, host) -> None:
    slip, before = browser.slip("/needs/new"), written()
    headers = {"host": host, "origin": f"http://{host}"}
    assert browser.client.get("/", headers=headers).status_code == 421
    fields = {"slip": slip, "good": "flour", "amount": "1 kg", "place": "x", "people": "1"}
    assert browser.client.post("/needs/new", data=fields, headers=headers).status_code == 421
    assert written() == before


def test_a_post_without_a_slip_of_this_board_writes_nothing(browser, written) -> None:
    before = written()
    for slip in ("", "zz", "00" * 32, "00" * 8):
        assert browser.need(slip=slip).status_code == 422
    assert written() == before


def test_a_form_that_is_too_large_is_refused_before_it_is_read(browser, written) -> None:
    before = written()
    assert browser.need(note="x" * 70_000).status_code == 422
    headers = {"origin": HOST, "content-length": str(2**40)}
    assert browser.client.post("/needs/new", headers=headers).status_code == 413
    assert written() == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(browser, written, method) -> None:
    before = written()
    assert browser.client.request(method, "/needs/new").status_code == 405
    assert written() == before


def test_every_answer_forbids_scripts_and_framing(browser) -> None:
    for path in ("/", "/needs/new", "/no-such-page", "/s/lumbre.css"):
        headers = browser.client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["..%2fguard.py", "%2e%2e/render.py", "x", "lumbre.css%00"])
def test_only_the_board_s_own_files_are_served(browser, name) -> None:
    assert browser.client.get(f"/s/{name}").status_code == 404


def test_a_language_button_leads_nowhere_else(browser) -> None:
    for back in ("//evil.example", "http://evil.example", "/\\evil.example", "javascript:x"):
        slip = browser.slip("/")
        fields = {"slip": slip, "language": "es", "back": back}
        answer = browser.client.post(
            "/language", data=fields, headers={"origin": HOST}, follow_redirects=False
        )
        assert answer.headers["location"] == "/"
