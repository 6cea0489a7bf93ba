"""Migrations that sites may have are never edited: what they did is changed by another one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from moyai.operations.database.migrations import versions
from moyai.operations.database.version import VERSION

FOLDER = Path(versions.__file__).parent
FROZEN = {
    "0001_operations.sql": "4e35aa970389fb436f964b91ebe87620",
    "0002_notices.sql": "9b2b28403f2eb42ac5478c1e76ec2bca",
    "0003_limits.sql": "60425b2d658335b4b77193807497d99a",
    "0004_signed_moments.sql": "5193e31bf397c631dc4438ece7a8905b",
    "0005_carrying.sql": "fe6e3f2ce5903a4fd26a16b6c58323d7",
    "0005_conducting.sql": "a182096551438fda9a5ae1c382f2c6d6",
    "0005_notices.sql": "57e9d477e5ff1d644ef9dc1800895374",
    "0005_persons.sql": "6373520cc2a5059f2ef8a07ec1e4ed5f",
    "0005_records.sql": "d6238e651ce24ca8a7f0abad80004c5e",
    "0005_rights.sql": "575a22627dbe536b26c674fe92c2cf3d",
    "0005_workers.sql": "c5f1f67770378ebc7a0b58106c1e760c",
    "0006_put_back.sql": "e411306a26a7953a7d091721be97793b",
    "0007_runbook_notes.sql": "fc38c76efd522b9c0b584b7e4928d56c",
    "0008_restored.sql": "76f70ea9a4a50df8362275b457013989",
    "0009_files.sql": "1dc40bee0cec15d61ae3ee63eaca7f11",
    "0009_wanted.sql": "e449bbde72345c10f144a7c0a0e1abd6",
    "0010_waiting.sql": "bd186549d240ee0ed10babe97281d085",
    "0012_witnessed.sql": "6ea5245bfd818a48af5d9073ce05b149",
    "0014_together.sql": "f36cdfb0341923862c8933256830c915",
    "0015_deeds.sql": "5479d0f620ab82a0c5785953729a0c2d",
    "0016_proved.sql": "c9cba132065bb7720f6cfd1569ec72c0",
    "0017_steered.sql": "70eabf54e6ced6115524185d737370a7",
    "0018_paused_proposals.sql": "09d2f818e51fabe74d689bbfc5709f8e",
}
"""File → the beginning of its SHA-256. A new one is added here with the version that brings it."""


def test_what_sites_have_stays_as_it_is() -> None:
    found = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:32]
        for file in FOLDER.glob("*.sql")
    }
    assert found == FROZEN


def test_the_newest_is_the_version_that_the_code_needs() -> None:
    assert max(file.name[1:5] for file in FOLDER.glob("v[0-9]*.py")) == VERSION
