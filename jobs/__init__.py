"""One file per job: what it reads, how one record becomes a row, when it runs. No client, no environment."""
