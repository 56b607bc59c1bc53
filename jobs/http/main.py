"""What `functions-framework --source jobs/http/main.py --target run_job` loads.

The framework registers a source file under its bare file name, which for a file called http.py would take the place of
the standard library's package.
"""

from jobs.http import run_job

__all__ = ["run_job"]
