"""Nothing that looks like a credential leaves by the log, and nothing in it steers whoever reads it."""

import io
import json
from typing import Any

import pytest

from shared.log import Log, Severity


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_a_secret_the_log_was_told_of_never_leaves_it(stream: type[io.StringIO]) -> None:
    written = stream()
    log = Log(written).keeping(["canary", "canary-longer"]).labelled(job="trades", note="canary")
    log.event("said canary-longer", Severity.ERROR, error={"deep": ["canary"]}, canary="name")
    assert "canary" not in written.getvalue()
    assert written.getvalue().count("***") >= 2


CANARY = "abc.def-ghi_jkl+mno"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"authorization=Basic {CANARY}",
        f"{{'Authorization': 'Bearer {CANARY}'}}",
        f'headers {{"APCA-API-SECRET-KEY": "{CANARY}"}}',
        f"APCA-API-KEY-ID: {CANARY}",
        f"bearer {CANARY}, and more",
    ],
)
@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_a_credential_in_a_text_is_crossed_out(text: str, stream: type[io.StringIO]) -> None:
    written = stream()
    Log(written).event(text, detail=text)
    assert CANARY not in written.getvalue()
    assert "***" in written.getvalue()


def test_what_only_speaks_of_credentials_is_left_as_it_is() -> None:
    written = io.StringIO()
    texts: dict[str, Any] = {
        "error": "missing authorization",
        "authorization": True,
        "reason": "the request carries no bearer token",
        "more": "authorization failed for account 7",
        "count": 1234567890,
    }
    Log(written).keeping(["34567890"]).event("no authorization", **texts)
    told = json.loads(written.getvalue())
    assert told["message"] == "no authorization"
    assert {name: told[name] for name in texts} == texts


@pytest.mark.parametrize("secret", ['with"quote and more', "with\\backslash", "wïth-other-letters", "x" * 24])
@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_a_secret_of_any_spelling_is_crossed_out_before_it_is_quoted_or_cut(
    secret: str, stream: type[io.StringIO]
) -> None:
    written = stream()
    Log(written).keeping([secret]).event("said", text="y" * 185 + secret, object=ValueError(secret))
    assert secret[:8] not in written.getvalue()
    assert json.dumps(secret)[1:9] not in written.getvalue()


def test_an_event_is_one_line_of_json_whatever_it_holds() -> None:
    written = io.StringIO()
    Log(written).event('line one\nline two\x1b[31m{"severity":"INFO"}', path="a\r\nb\u2028c")
    (line,) = written.getvalue().splitlines()
    assert json.loads(line)["path"] == "a\r\nb\u2028c"


def test_a_text_cannot_steer_a_terminal() -> None:
    written = Terminal()
    Log(written).event("red\x1b[31m\nsecond line\x07\x9b1m", path="a\x1b]0;title\x07")
    (line,) = written.getvalue().splitlines()
    assert not any(character < " " or "\x7f" <= character < "\xa0" for character in line)
    assert "second line" in line
