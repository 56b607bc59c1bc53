"""Everything around the jobs: the command line, the local stack, the cloud definitions."""
