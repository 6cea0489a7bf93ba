"""What the embedded cloud rests on in moto. A failure here means: moto changed, look at the place
that is named before anything else."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import moto.acm.responses
import moto.backup.models
import moto.backup.responses
import moto.budgets.models
import moto.budgets.responses
import moto.core.base_backend
import moto.core.responses
import moto.ecs.models
import moto.kms.models
import moto.kms.responses
import moto.kms.utils
import moto.logs.responses
import moto.moto_server.werkzeug_app as app
import moto.rds.models
import moto.s3.models
import moto.secretsmanager.models
import moto.wafv2.models
import pytest
from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.core.common_models import BaseModel
from moto.ec2.models import EC2Backend
from moto.moto_api._internal.managed_state_model import ManagedState

from moyai.sandbox.extensions import wafv2
from moyai.sandbox.keeping.pickling import _OWN_ATTRIBUTES, _WEAK_LISTS


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("owner", "name", "expected"),
    [
        (moto.rds.models.RDSBackend, "create_db_cluster", ["self", "kwargs"]),
        (moto.rds.models.RDSBackend, "modify_db_cluster", ["self", "kwargs"]),
        (
            moto.rds.models.RDSBackend,
            "delete_db_cluster",
            ["self", "cluster_identifier", "snapshot_name"],
        ),
        (moto.rds.models.RDSBackend, "start_db_cluster", ["self", "cluster_identifier"]),
        (moto.rds.models.RDSBackend, "stop_db_cluster", ["self", "cluster_identifier"]),
        (moto.rds.models.MasterUserSecret, "_generate_secret_string", ["self"]),
        (moto.rds.models.MasterUserSecret, "rotate_secret", ["self"]),
        (
            moto.ecs.models.EC2ContainerServiceBackend,
            "stop_task",
            ["self", "cluster_str", "task_str", "reason"],
        ),
        (
            moto.ecs.models.EC2ContainerServiceBackend,
            "describe_services",
            ["self", "cluster_str", "service_names_or_arns"],
        ),
        (
            moto.ecs.models.EC2ContainerServiceBackend,
            "_calculate_task_resource_requirements",
            ["task_definition"],
        ),
        (moto.s3.models.FakeBucket, "get_permission", ["self", "action", "resource"]),
        (moto.kms.models, "generate_private_key", ["key_spec"]),
        (moto.kms.models.Key, "to_dict", ["self"]),
        (moto.wafv2.models.FakeIPSet, "update", ["self", "description", "addresses"]),
        (moto.wafv2.models.WAFV2Backend, "get_web_acl", ["self", "arn", "name", "_id"]),
        (
            moto.backup.models.Plan,
            "__init__",
            ["self", "backup_plan", "creator_request_id", "backend"],
        ),
        (moto.budgets.responses.BudgetsResponse, "create_budget", ["self"]),
        (
            moto.secretsmanager.models.SecretsManagerBackend,
            "update_secret_version_stage",
            [
                *("self", "secret_id", "version_stage"),
                *("remove_from_version_id", "move_to_version_id"),
            ],
        ),
        (
            moto.secretsmanager.models.FakeSecret,
            "set_default_version_id",
            ["self", "version_id"],
        ),
        (moto.budgets.models.Budget, "__init__", ["self", "budget", "notifications"]),
        (moto.kms.utils, "_deserialize_ciphertext_blob", ["ciphertext_blob"]),
        (BackendDict, "_create_account_specific_backend", ["self", "account_id"]),
        (app.DomainDispatcherApplication, "get_backend_for_host", ["self", "host"]),
        (app, "create_backend_app", ["service"]),
    ],
)
def test_what_is_replaced_is_called_as_before(
    owner: object, name: str, expected: list[str]
) -> None:
    assert parameters(getattr(owner, name)) == expected


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (moto.acm.responses.AWSCertificateManagerResponse, "update_certificate_options"),
        (moto.logs.responses.LogsResponse, "associate_kms_key"),
        (moto.logs.responses.LogsResponse, "disassociate_kms_key"),
        (moto.backup.responses.BackupResponse, "update_backup_plan"),
        (moto.budgets.responses.BudgetsResponse, "update_budget"),
        (moto.budgets.responses.BudgetsResponse, "describe_subscribers_for_notification"),
        (moto.budgets.responses.BudgetsResponse, "tag_resource"),
        (moto.budgets.responses.BudgetsResponse, "untag_resource"),
        (moto.budgets.responses.BudgetsResponse, "list_tags_for_resource"),
    ],
)
def test_what_is_added_is_not_there(owner: object, name: str) -> None:
    assert not hasattr(owner, name)


def test_an_update_of_a_web_acl_has_what_is_set_from_it() -> None:
    update = moto.wafv2.models.WAFV2Backend.update_web_acl
    assert {"name", "_id", "rules", "description", *wafv2._OPTIONAL} <= set(parameters(update))
    made = set(parameters(moto.wafv2.models.FakeWebACL.__init__))
    assert {"rules", "description", *wafv2._OPTIONAL} <= made


def test_a_task_is_run_by_cluster_and_definition() -> None:
    run = moto.ecs.models.EC2ContainerServiceBackend.run_task
    assert parameters(run)[:3] == ["self", "cluster_str", "task_definition_str"]


def test_a_clusters_addresses_are_properties() -> None:
    for owner, names in (
        (moto.rds.models.DBCluster, ("endpoint", "reader_endpoint", "status")),
        (moto.rds.models.DBInstanceClustered, ("endpoint", "address")),
    ):
        for name in names:
            assert isinstance(inspect.getattr_static(owner, name), property), name


def test_s3_makes_and_uses_contents_as_the_body_knows() -> None:
    """`Body` has what moto calls on `_value_buffer`, and is made where moto makes one."""
    source = Path(inspect.getfile(moto.s3.models)).read_text()
    called, made = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            inner = node.value
            if isinstance(inner, ast.Attribute) and inner.attr == "_value_buffer":
                called.add(node.attr)
            if isinstance(inner, ast.Name) and inner.id == "tempfile":
                made.add(node.attr)
    assert called == {"seek", "read", "truncate", "write", "close"}
    assert made == {"SpooledTemporaryFile"}
    assert "lock" in source
    assert "self.lock = threading.Lock()" in source


def test_the_look_ups_are_where_they_are_replaced() -> None:
    assert "backends.list_of_moto_modules()" in inspect.getsource(app)
    assert "method_names_from_class(self.__class__)" in inspect.getsource(moto.core.responses)
    assert "generate_private_key(self.key_spec)" in inspect.getsource(moto.kms.models)
    assert 'environ["MOTO_ACCOUNT_ID"]' in inspect.getsource(moto.core.responses)


def test_backends_are_kept_in_tables_that_are_listed() -> None:
    table = BackendDict(EC2Backend, "ec2")
    assert set(vars(table)) == _OWN_ATTRIBUTES
    assert isinstance(BackendDict._instances, list)
    assert issubclass(AccountSpecificBackend, dict)
    assert issubclass(EC2Backend, BaseBackend)
    assert all(hasattr(EC2Backend, name) for name in _WEAK_LISTS)


def test_a_models_instances_are_kept_only_in_lists_that_are_emptied_here() -> None:
    assert "instances_tracked.append(instance)" in inspect.getsource(BaseModel.__new__)


def test_a_state_without_transitions_stays() -> None:
    state = ManagedState("ecs::task", [("RUNNING", "STOPPED")])
    state._transitions = []
    state.status = "PENDING"
    for _ in range(3):
        state.advance()
        assert state.status == "PENDING"


def test_a_ciphertexts_header_begins_with_the_keys_id() -> None:
    utils = moto.kms.utils
    assert utils.CIPHERTEXT_HEADER_FORMAT.startswith(f">{utils.KEY_ID_LEN}s")
    assert utils.HEADER_LEN == utils.KEY_ID_LEN + utils.IV_LEN + utils.TAG_LEN
    assert len(utils.generate_key_id(multi_region=True)) <= 40


def test_a_replica_shares_its_primarys_table_and_only_answers_read_it() -> None:
    """What is told of a multi-Region key passes `Key.to_dict`, which is replaced."""
    source = inspect.getsource(moto.kms.models)
    assert "replica_key = copy(self.keys[key_id])" in source
    assert source.count("self.multi_region_configuration") == 3  # made, told, the backend's own
    assert "self.multi_region_configuration" in inspect.getsource(moto.kms.models.Key.to_dict)
    responses = inspect.getsource(moto.kms.responses)
    assert "MultiRegionConfiguration" not in responses
    assert "multi_region_configuration" not in responses
    key = moto.kms.models.Key(None, "", "SYMMETRIC_DEFAULT", "", "1", "x", multi_region=True)
    told = key.to_dict()["KeyMetadata"]
    assert told["MultiRegionConfiguration"]["PrimaryKey"]["Arn"] == told["Arn"] == key.arn
