"""The tables of a page, read as a reader does: captions, headings and cells as text."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class ReadTable:
    """One table."""

    caption: str
    rows: list[list[str]] = field(default_factory=list)
    """With the headings as the first."""

    def column(self, heading: str) -> list[str]:
        """The cells below a heading."""
        place = self.rows[0].index(heading)
        return [row[place] for row in self.rows[1:]]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: list[ReadTable] = []
        self.sources: list[str] = []
        self._caption: str | None = None
        self._cell: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.sources += [value for name, value in attrs if name in {"src", "href", "srcset", "action"} and value]
        if given.get("class") == "caption":
            self._caption = ""
        elif tag == "table":
            self.tables.append(ReadTable(self._caption or ""))
            self._caption = None
        elif tag == "tr":
            self.tables[-1].rows.append([])
        elif tag in {"td", "th"}:
            self._cell = ""

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell += data
        elif self._caption is not None:
            self._caption += data.strip("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"} and self._cell is not None:
            self.tables[-1].rows[-1].append(self._cell)
            self._cell = None


def tables(page: str) -> list[ReadTable]:
    """All tables of a page."""
    return _read(page).tables


def table(page: str, words: str) -> ReadTable:
    """The one table whose caption holds these words."""
    (found,) = (one for one in tables(page) if words in one.caption)
    return found


def sources(page: str) -> list[str]:
    """Everything that the page refers to."""
    return _read(page).sources


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader
