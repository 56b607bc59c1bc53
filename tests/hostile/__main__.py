"""Show hostile data again: `python -m tests.hostile JOB SEED [COUNT]`; answers of the broker by `broker:JOB`."""

import sys
from collections import Counter
from collections.abc import Iterator
from time import process_time

from tests.hostile import broker_fuzz
from tests.hostile.fuzz import Tally, fuzz


def main(job: str, seed: str, count: str = "1") -> int:
    """Show what is wrong, a tally and the pace; 1 when there is anything wrong."""
    began = process_time()
    seeds = range(int(seed), int(seed) + int(count))
    tell = _answers if job.startswith("broker:") else _documents
    *wrong, tally = tell(job.removeprefix("broker:"), seeds)
    seconds = process_time() - began
    pace = f"{len(seeds) / seconds:.1f} seeds per second of CPU, drawing and checking included"
    sys.stdout.write("\n".join([*wrong, tally, pace, ""]))
    return 1 if wrong else 0


def _documents(job: str, seeds: range) -> Iterator[str]:
    tally = Tally()
    yield from fuzz(job, seeds, tally)
    reasons = ", ".join(f"{reason} {times}" for reason, times in tally.reasons.most_common())
    yield f"{job}: {tally.documents} documents, {tally.rows} rows, {tally.not_due} not due; {reasons}"


def _answers(job: str, seeds: range) -> Iterator[str]:
    tally: Counter[str] = Counter()
    yield from broker_fuzz.fuzz(job, seeds, tally)
    yield f"{job}: {len(seeds)} answers; " + ", ".join(f"{name} {times}" for name, times in tally.most_common())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
