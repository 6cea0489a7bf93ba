"""Lets engines write whole checkpoints into the folder themselves, as Pulumi does by default.

A worker process that has this folder on its path gives its engines the folder for a backend. What
they write there is what a journal must come to.
"""

import os

if "FOLDER_BACKEND" in os.environ:
    from moyai.engine.state.checkpoint_store import CheckpointStore
    from moyai.engine.worker import run
    from moyai.engine.worker.service import Service

    def _no_lock(*_: object) -> str:
        return ".pulumi/none"  # the engine takes it

    Service.environment = property(
        lambda _: {"PULUMI_BACKEND_URL": os.environ["FOLDER_BACKEND"] + "?metadata=skip"}
    )
    run.engine_locks.take_engine_lock = _no_lock
    CheckpointStore.add_history = lambda *_: None
