"""A process killed in the middle of a submission leaves all of it or nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.fhir.profiles import Profiles
from tests.world import PROJECT, World, services_at

VICTIM = """
import os, pathlib, signal, sys
from gateway.fhir import profiles
from gateway.store import database
from tests import world

folder, after, clinic, patient = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
services = world.services_at(folder, profiles.load(folder / "none"))
services.journal.start()
counted = 0
original = database.Writer.note

def note(self, is_write, is_record):
    global counted
    counted += is_write
    if counted > after:
        os.kill(os.getpid(), signal.SIGKILL)
    original(self, is_write, is_record)

database.Writer.note = note
there = world.World(services, clinic, "", patient, "", "", "", "")
there.submitted()
print("accepted", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
TABLES = ("submission", "submission_part", "session", "transcript", "draft", "draft_revision")


@pytest.mark.parametrize("after", [0, 1, 3, 6, 1000])
def test_a_killed_process_leaves_all_or_nothing(world: World, tmp_path: Path, after: int) -> None:
    before = world.rows("resource"), world.rows("audit")
    arguments = [sys.executable, "-c", VICTIM, str(tmp_path), str(after), world.clinic, world.patient]
    victim = subprocess.run(
        arguments, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ)
    )
    assert victim.returncode == -signal.SIGKILL, victim.stderr
    is_accepted = "accepted" in victim.stdout
    assert is_accepted is (after == 1000)
    kept = {table: world.rows(table) for table in TABLES}
    if is_accepted:
        assert kept == dict.fromkeys(TABLES, 1) | {"submission_part": 3}
    else:
        assert kept == dict.fromkeys(TABLES, 0)
        assert (world.rows("resource"), world.rows("audit")) == before


def test_what_was_lost_in_a_crash_can_simply_be_sent_again(world: World, tmp_path: Path, no_profiles: Profiles) -> None:
    arguments = [sys.executable, "-c", VICTIM, str(tmp_path), "3", world.clinic, world.patient]
    subprocess.run(arguments, cwd=PROJECT, capture_output=True, timeout=60, check=False)
    assert not world.submitted().is_repeated
    fresh = services_at(tmp_path, no_profiles)
    with fresh.database.read() as db:
        assert db.connection.exec_driver_sql("SELECT count(*) FROM draft").scalar_one() == 1
    fresh.database.close()
