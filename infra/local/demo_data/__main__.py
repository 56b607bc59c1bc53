"""`python -m infra.local.demo_data DIR [--seed N]` writes the demo data to a directory."""

from pathlib import Path

import click

from infra.local.demo_data import generate


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", default=1, show_default=True, help="Another seed gives another month.")
def main(directory: Path, seed: int) -> None:
    """Write the demo data to DIRECTORY."""
    generate(directory, seed)


if __name__ == "__main__":
    main()
