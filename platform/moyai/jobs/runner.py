"""One job from its verb to its result line and exit code."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence

from moyai.errors import ExitCode
from moyai.jobs import (
    beside_databases,
    data_settings,
    databases,
    dumps,
    health,
    metering,
    migrate,
    object_restores,
    passwords,
    restores,
    settings,
    swaps,
    writes,
)
from moyai.jobs.aws import Cloud
from moyai.jobs.results import Fields, JobError, failure_fields, line_of
from moyai.texts import Text

Environment = Mapping[str, str]


def _create(environment: Environment, cloud: Cloud) -> Fields:
    return databases.create(settings.create_job(environment), cloud)


def _inspect(environment: Environment, cloud: Cloud) -> Fields:
    return databases.inspect(settings.inspect_job(environment), cloud)


def _delete(environment: Environment, cloud: Cloud) -> Fields:
    return databases.delete(settings.database_job(environment), cloud)


def _migrate(environment: Environment, cloud: Cloud) -> Fields:
    return migrate.migrate(settings.migrate_job(environment), cloud)


def _health(environment: Environment, cloud: Cloud) -> Fields:
    return health.check(settings.health_job(environment), cloud)


def _meter(environment: Environment, cloud: Cloud) -> Fields:
    return metering.measure(settings.meter_job(environment), cloud)


def _close(environment: Environment, cloud: Cloud) -> Fields:
    return writes.close(data_settings.writes_job(environment), cloud)


def _open(environment: Environment, cloud: Cloud) -> Fields:
    return writes.reopen(data_settings.writes_job(environment), cloud)


def _state(environment: Environment, cloud: Cloud) -> Fields:
    return writes.state(data_settings.owner_job(environment), cloud)


def _count(environment: Environment, cloud: Cloud) -> Fields:
    return writes.count(data_settings.count_job(environment), cloud)


def _dump(environment: Environment, cloud: Cloud) -> Fields:
    return dumps.dump(data_settings.dump_job(environment), cloud)


def _beside_create(environment: Environment, cloud: Cloud) -> Fields:
    return beside_databases.create(data_settings.beside_job(environment), cloud)


def _beside_drop(environment: Environment, cloud: Cloud) -> Fields:
    return beside_databases.remove(data_settings.beside_job(environment), cloud)


def _restore_test(environment: Environment, cloud: Cloud) -> Fields:
    return restores.test(data_settings.restore_job(environment), cloud)


def _restore_load(environment: Environment, cloud: Cloud) -> Fields:
    return restores.prepare(data_settings.restore_job(environment), cloud)


def _restore_objects(environment: Environment, cloud: Cloud) -> Fields:
    return object_restores.restore(data_settings.objects_job(environment), cloud)


def _restore_swap(environment: Environment, cloud: Cloud) -> Fields:
    return swaps.swap(data_settings.swap_job(environment), cloud)


def _restore_state(environment: Environment, cloud: Cloud) -> Fields:
    return swaps.state(data_settings.swap_job(environment), cloud)


def _password_renew(environment: Environment, cloud: Cloud) -> Fields:
    return passwords.renew(data_settings.password_job(environment), cloud)


def _password_set(environment: Environment, cloud: Cloud) -> Fields:
    return passwords.take(data_settings.password_job(environment), cloud)


def _password_back(environment: Environment, cloud: Cloud) -> Fields:
    return passwords.go_back(data_settings.password_job(environment), cloud)


def _password_state(environment: Environment, cloud: Cloud) -> Fields:
    return passwords.state(data_settings.password_job(environment), cloud)


def _password_void(environment: Environment, cloud: Cloud) -> Fields:
    return passwords.make_void(data_settings.password_job(environment), cloud)


VERBS: Mapping[str, Callable[[Environment, Cloud], Fields]] = {
    "database-create": _create,
    "database-inspect": _inspect,
    "database-delete": _delete,
    "migrate": _migrate,
    "health": _health,
    "meter": _meter,
    "writes-close": _close,
    "writes-open": _open,
    "writes-state": _state,
    "writes-count": _count,
    "dump": _dump,
    "beside-create": _beside_create,
    "beside-drop": _beside_drop,
    "restore-test": _restore_test,
    "restore-load": _restore_load,
    "restore-objects": _restore_objects,
    "restore-swap": _restore_swap,
    "restore-state": _restore_state,
    "password-renew": _password_renew,
    "password-set": _password_set,
    "password-back": _password_back,
    "password-state": _password_state,
    "password-void": _password_void,
}


def run(argv: Sequence[str], environment: Environment) -> int:
    """Run the job that `argv` names (`[VERB]`); print its result; the process's exit code.

    0: done. 4: failed, with a result that says why. 2: no such verb. 1: a bug, whose result names
    the error's type and place alone, as its words may hold what no log may hold.
    """
    if len(argv) != 1 or argv[0] not in VERBS:
        sys.stderr.write(f"usage: python -m moyai.jobs {{{','.join(VERBS)}}}\n")
        return ExitCode.USAGE
    verb, begin = argv[0], time.perf_counter()
    code, fields = _outcome(verb, environment)
    milliseconds = (time.perf_counter() - begin) * 1000
    line = line_of(verb, ok=code is ExitCode.DONE, milliseconds=milliseconds, fields=fields)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    return code


def _outcome(verb: str, environment: Environment) -> tuple[ExitCode, Fields]:
    try:
        return ExitCode.DONE, VERBS[verb](environment, Cloud(environment))
    except JobError as error:
        return ExitCode.FAILED, failure_fields(error)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        places = [f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in frames]
        sys.stderr.write("\n".join([*places, type(error).__name__]) + "\n")
        words = f"{type(error).__name__}, {frames[-1].name}"
        said = JobError(
            "bug",
            Text(f"ジョブに誤りがあります（{words}）。", f"a bug in the job ({words})."),
        )
        return ExitCode.BUG, failure_fields(said)
