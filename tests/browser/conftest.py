"""Fixtures: a JupyterLab, a Chromium, and pages that are watched for errors and for requests to elsewhere."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from labs import Lab, Watched, launched, serving, watch


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped, with the reason, where there is none.

    It ends with the module: an event loop runs while it lives, which other tests may not bear.
    """
    api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install -e '.[test]'"
    )
    with api.sync_playwright() as playwright:
        try:
            browser = launched(playwright)
        except api.Error as error:
            pytest.skip(
                f"no Chromium (`playwright install chromium` fetches one): {error.message.splitlines()[0]}"
            )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Lab]:
    """A JupyterLab with folders of its own."""
    with serving(tmp_path_factory.mktemp("lab")) as served:
        yield served


@pytest.fixture
def open_page(chromium: Any, lab: Lab) -> Iterator[Callable[[str], Watched]]:
    """Give a function that opens a path of the server in a fresh page and watches it."""
    contexts = []

    def open_one(path: str) -> Watched:
        contexts.append(chromium.new_context(viewport={"width": 1400, "height": 900}))
        watched = Watched(contexts[-1].new_page())
        watch(watched)
        watched.page.goto(f"{lab.url}/{path}")
        return watched

    yield open_one
    for context in contexts:
        context.close()
