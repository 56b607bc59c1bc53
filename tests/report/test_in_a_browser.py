"""The page in a real browser: nothing said, nothing asked for, nothing overlapping, readable by everybody."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.report import layout
from tests.report.browser import DESK, NARROW, PHONE, TABLET, Opened, Scheme, opened

Views = Callable[[tuple[int, int], Scheme], Opened]
every_size = pytest.mark.parametrize("size", [NARROW, PHONE, TABLET, DESK], ids=["narrow", "phone", "tablet", "desk"])
every_scheme = pytest.mark.parametrize("scheme", ["light", "dark"])
SOME_TABLES = "() => document.querySelectorAll('#fees details, #filters details').forEach(one => { one.open = true; })"


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@every_scheme
def test_it_opens_without_a_word_on_the_console_or_a_request(
    views: Views, size: tuple[int, int], scheme: Scheme
) -> None:
    view = views(size, scheme)

    assert (view.said, view.asked) == ([], [])


@every_size
def test_nothing_reaches_out_of_the_window_or_of_its_box(views: Views, size: tuple[int, int]) -> None:
    view = views(size, "light")

    assert view.measure(layout.SIDEWAYS) <= 0
    assert view.measure(layout.OVERFLOW) == []
    assert view.measure(layout.CUT) == []


@every_size
def test_no_label_is_clipped_or_overlaps_another_and_no_legend_covers_data(views: Views, size: tuple[int, int]) -> None:
    view = views(size, "light")

    assert view.measure(layout.CLIPPED) == []
    assert view.measure(layout.OVERLAPS) == []
    assert view.measure(layout.COVERED) == []


def test_every_plot_is_drawn_and_has_its_name_and_reading(views: Views) -> None:
    view = views(DESK, "light")
    marks = dict(view.measure(layout.DRAWN))

    assert len(marks) == 17
    assert [name for name, number in marks.items() if number == 0] == []
    assert all(len(words) > 20 for words in view.measure(layout.NAMES))


@every_scheme
def test_labels_in_plots_have_contrast_enough(views: Views, scheme: Scheme) -> None:
    assert min(views(DESK, scheme).measure(layout.CONTRASTS)) >= 4.5


@every_scheme
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_nothing_that_keeps_people_out(
    browser: Browser, small_page: Path, size: tuple[int, int], scheme: Scheme
) -> None:
    with opened(browser, small_page, size, scheme) as view:
        view.measure(SOME_TABLES)
        found = Axe().run(view.page)

    assert found.violations_count == 0, found.generate_report()


def test_layout_that_is_wrong_is_found(browser: Browser, small_page: Path) -> None:
    with opened(browser, small_page, PHONE) as view:
        view.measure("() => document.querySelectorAll('.plot text').forEach(one => one.setAttribute('transform', ''))")
        view.measure("() => { document.querySelector('h2').style.width = '900px'; }")

        assert view.measure(layout.OVERLAPS) != []
        assert view.measure(layout.OVERFLOW) != []
        view.measure("() => document.querySelectorAll('.plot text').forEach(one => one.setAttribute('x', '999'))")
        assert view.measure(layout.CLIPPED) != []


def test_a_keyboard_reaches_every_table_and_opens_it(browser: Browser, small_page: Path) -> None:
    with opened(browser, small_page) as view:
        view.page.locator("#fees summary").focus()
        view.page.keyboard.press("Enter")
        view.page.keyboard.press("Tab")

        assert view.page.locator("#fees details").get_attribute("open") is not None
        assert view.measure("() => document.activeElement.closest('#fees .rows') !== null")


def test_the_pointer_is_told_what_it_is_over(browser: Browser, small_page: Path) -> None:
    with opened(browser, small_page) as view:
        view.page.locator("#plot-equity-0").hover()

        assert "equity, USD" in view.page.locator("#vg-tooltip-element").inner_text()


def test_turning_the_phone_draws_the_plots_as_wide_as_it_is(browser: Browser, small_page: Path) -> None:
    with opened(browser, small_page, PHONE) as view:
        view.page.set_viewport_size({"width": 844, "height": 390})
        view.page.wait_for_function("document.querySelector('.plot svg').getBoundingClientRect().width > 600")

        assert view.measure(layout.SIDEWAYS) <= 0


def test_print_is_black_on_white_whole_and_short(browser: Browser, year_page: Path) -> None:
    with opened(browser, year_page, DESK, "dark") as view:
        paper = view.page.pdf(format="A4")
        view.page.emulate_media(media="print")
        view.page.set_viewport_size({"width": 688, "height": 1000})  # A4 within the margins

        assert view.measure("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert view.measure("() => getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"
        assert view.measure(layout.SIDEWAYS) <= 0
        assert view.measure(layout.OVERFLOW) == []
        assert view.measure(layout.CUT) == []
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", paper)) <= 14
