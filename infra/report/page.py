"""The page: template, style and scripts of this folder, and what the sections say, as one HTML file."""

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from infra.report import equity, fees, filters, jobs, library, moonshots, pnl, slippage, summary, trades, writing
from infra.report.asking import Answers
from infra.report.parts import Section

SECTIONS: tuple[Callable[[Answers], Section], ...] = (
    equity.section,
    pnl.section,
    trades.section,
    filters.section,
    moonshots.section,
    fees.section,
    slippage.section,
    jobs.section,
)
_COMMAND = re.compile(r"`(golden-thread [^`]*)`")
_FOLDER = Path(__file__).parent


def render(answers: Answers, now: datetime) -> str:
    """Write the page about what the warehouse answers; `now` is the moment that it states, UTC."""
    sections = [section(answers) for section in SECTIONS]
    scripts = [library.bundle(), _read("page.js")]
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            scope=answers.scope,
            dataset=answers.dataset,
            now=now,
            verdict=summary.verdict(answers, now),
            figures=summary.figures(answers),
            sections=sections,
            plots={plot.name: plot.spec for one in sections for figure in one.figures for plot in figure.plots},
            libraries=library.about(),
            style=Markup(_read("page.css")),  # noqa: S704 - a file of ours
            scripts=[Markup(script) for script in scripts],  # noqa: S704 - a file of ours and a locked library
            script_sources=" ".join(map(_source, scripts)),
        )
    )


def commands(sentence: str) -> Markup:
    """Set our own commands, which stand between backticks, as code; everything else stays text."""
    return Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(sentence))))  # noqa: S704 - escaped before


def _environment() -> Environment:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, loader=FileSystemLoader(_FOLDER), trim_blocks=False
    )
    environment.filters.update(commands=commands, moment=writing.moment, text=writing.text)
    return environment


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _source(script: str) -> str:
    """Name a script in the page's policy, by its digest: no other one runs."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"
