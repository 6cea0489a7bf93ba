"""Records the AWS calls of every process that has this folder on its path, and of its children.

Plugins, the command itself and jobs in the environment all make calls. The sandbox's processes and
its jobs get an environment of their own, without these variables; so they are handed on here.
"""

import os
import subprocess
from pathlib import Path

_HANDED_ON = ("PYTHONPATH", "BENCH_RECORD_CALLS")

if "BENCH_RECORD_CALLS" in os.environ:
    from botocore.session import Session
    from tests.bench.recording import record_calls

    place = Path(os.environ["BENCH_RECORD_CALLS"])
    variables = {name: os.environ[name] for name in _HANDED_ON}
    make_session, start = Session.__init__, subprocess.Popen.__init__

    def _recorded_session(self, *args, **more):
        make_session(self, *args, **more)
        record_calls(self, place)

    def _recorded_child(self, *args, env=None, **more):
        start(self, *args, env=None if env is None else {**env, **variables}, **more)

    Session.__init__ = _recorded_session
    subprocess.Popen.__init__ = _recorded_child
