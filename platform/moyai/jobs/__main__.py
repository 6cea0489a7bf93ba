"""`python -m moyai.jobs VERB`: one job, its arguments in environment variables (ADR 0005)."""

from __future__ import annotations

import os
import sys

from moyai.jobs.runner import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], os.environ))
