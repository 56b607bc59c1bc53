"""`python -m tests.hostile JOB SEED [COUNT]`: take pages of hostile documents down the track and show what breaks."""

import sys
from time import process_time

from tests.hostile.fuzz import Tally, fuzz


def main(job: str, seed: str, count: str = "1") -> int:
    """Show broken rules, a tally and the pace; 1 when there are any."""
    tally, began = Tally(), process_time()
    sentences = list(fuzz(job, range(int(seed), int(seed) + int(count)), tally))
    seconds = process_time() - began
    reasons = ", ".join(f"{reason} {times}" for reason, times in tally.reasons.most_common())
    report = [
        *sentences,
        f"{job}: {tally.documents} documents, {tally.rows} rows, {tally.not_due} not due; {reasons}",
        f"{tally.documents / seconds:.0f} documents per second of CPU, drawing and checking included",
    ]
    sys.stdout.write("\n".join(report) + "\n")
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
