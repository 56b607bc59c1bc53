"""`python -m infra.bench CONTENDER`: one measurement, against what the environment names."""

import sys

from infra.bench.measured import main

main(sys.argv[1])
