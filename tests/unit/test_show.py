import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.cli.show import as_table, harmless

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
