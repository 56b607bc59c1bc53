import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.cli.show import as_json, as_table, harmless, json_text, plain

HOSTILE = ("\x1b[2J", "\x1b]0;title\x07", "a\r\nb", "\x9b31m", "[/b]", "[red]x[/red]", ":boom:", "[link=http://x]y")


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", ["title", "column", "value"])
def test_a_text_is_shown_as_it_is_and_steers_nothing(text: str, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    title, column, value = (text if place == one else "plain" for one in ("title", "column", "value"))

    as_table(title, (column, "other"), [(value, 1)])

    shown = capsys.readouterr().out
    assert harmless(text) in shown
    assert shown.replace("\n", "").isprintable()


def test_a_line_break_in_a_value_makes_no_row(capsys: pytest.CaptureFixture[str]) -> None:
    as_table("", ("name",), [("a\nb",)])
    with_break = capsys.readouterr().out
    as_table("", ("name",), [("ab",)])

    assert len(with_break.splitlines()) == len(capsys.readouterr().out.splitlines())


@given(st.text(st.characters(categories=["Cc"]), min_size=1))
def test_every_control_character_is_written_out(text: str) -> None:
    assert harmless(text).isprintable()


@given(st.text(st.characters(exclude_categories=["Cc"])))
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (1.5, 1.5),
        (b"\xff\x00", "/wA="),
        ([{"ratio": math.nan, "raw": b"a"}], [{"ratio": "NaN", "raw": "YQ=="}]),
    ],
)
def test_what_json_has_no_word_for_is_written_as_bigquery_writes_it(
    value: object, written: object, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    as_json([{"value": value}])

    assert json.loads(capsys.readouterr().out, parse_constant=refuse) == [{"value": written}]
    assert json.loads(json_text(value, indent=2), parse_constant=refuse) == written


def test_bytes_are_shown_to_people_as_programs_get_them() -> None:
    assert plain(b"\xff\x00") == "/wA="
