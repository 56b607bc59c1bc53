"""``python -m tests.strict``: what ``python -m infra.local.bigquery`` starts, with a judge inside."""

from infra.local.bigquery import __main__ as launcher


def main() -> None:
    """Start it; the options are the launcher's."""
    # What follows imports bqemulator, which logs to standard output while it is being imported.
    launcher._quieten()  # noqa: SLF001 - the launcher does it, too, but later
    from tests.strict.server import install  # noqa: PLC0415

    install()
    launcher.main()


if __name__ == "__main__":
    main()
