from __future__ import annotations

from moyai.sandbox.postgres.roles import is_reserved
from moyai.sandbox.postgres.settings import HBA, arguments


def as_map(options: list[str]) -> dict[str, str]:
    pairs = [option.partition("=") for option in options if option != "-c"]
    return {name: value for name, _, value in pairs}


def test_servers_listen_on_the_loopback_only_and_take_no_word_for_it() -> None:
    for durable in (False, True):
        found = as_map(arguments(5000, durable=durable))
        assert found["listen_addresses"] == "127.0.0.1"
        assert found["unix_socket_directories"] == ""
        assert found["password_encryption"] == "scram-sha-256"
        assert found["port"] == "5000"
        # Torn pages of a killed process are mended only with this.
        assert found["full_page_writes"] == "on"
        assert found["synchronous_commit"] == "on"
    assert "trust" not in HBA
    assert HBA.split()[-1] == "scram-sha-256"


def test_operations_data_wait_for_the_disk() -> None:
    assert as_map(arguments(1, durable=True))["fsync"] == "on"
    assert as_map(arguments(1, durable=False))["fsync"] == "off"


def test_names_of_the_provider_are_no_masters() -> None:
    assert is_reserved("rdsadmin")
    assert is_reserved("pg_monitor")
    assert is_reserved("rds_superuser")
    assert not is_reserved("moyai")
