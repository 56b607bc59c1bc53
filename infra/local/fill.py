"""`python -m infra.local.fill DIR`: load a fixture directory into the emulators that the environment names.

`golden-thread local seed` fills the stack of this machine; this fills one that runs elsewhere, as in containers. The
broker reads the directory itself, so it must see it under the same path.
"""

from pathlib import Path

import click

from infra.local.demo_data import generate
from infra.local.fixtures import FixtureError
from infra.local.seed import seed
from infra.local.stack import StackError
from shared.documents import open_firestore
from shared.settings import SettingsError, load


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--invent", is_flag=True, help="Write the invented month of the demo to DIRECTORY first.")
def main(directory: Path, invent: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Load DIRECTORY; only an emulator is ever filled."""
    try:
        settings = load()
        if settings.firestore_emulator_host is None:
            raise click.UsageError("FIRESTORE_EMULATOR_HOST names no emulator: fixtures never go anywhere else")
        if invent:
            generate(directory)
        counts = seed(directory, open_firestore(settings), settings)
    except (FixtureError, SettingsError, StackError) as error:
        raise click.ClickException(str(error)) from None
    for collection, documents in sorted(counts.items()):
        click.echo(f"{collection}: {documents} documents")


if __name__ == "__main__":
    main()
