"""Fires calls at the app: `python -m tests.fuzz [COUNT] [--seed N]`. Fails if it finds anything, and prints it."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.calls import Call, calls
from tests.fuzz.target import Target, under_fire

COUNT = 20_000
BATCH = 500  # examples of one run of hypothesis, which grows slow in a long one


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    arguments = parser.parse_args()
    print(f"{arguments.count} calls, seed {arguments.seed}", flush=True)
    found: dict[str, tuple[Call, int]] = {}
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, under_fire(Path(folder)) as (target, patient, known):
        number = 0
        while target.sent < arguments.count:
            began, before = time.perf_counter(), target.sent
            _fire(target, patient, known, found, min(BATCH, arguments.count - before), arguments.seed + number)
            number += 1
            rate = (target.sent - before) / (time.perf_counter() - began)
            print(f"{target.sent:6} calls, {rate:4.0f} a second, {len(found)} kinds of fault", flush=True)
        left = target.half_stored()
        print(f"answers by status: {dict(sorted(target.statuses.items()))}; slowest {target.slowest:.1f} s")
    for fault, (call, times) in found.items():
        print(f"\n{times} times, as in {call!r:.3000}\n{fault}")
    print("\n".join(left))
    return 1 if found or left else 0


def _fire(
    target: Target, patient: str, known: list[str], found: dict[str, tuple[Call, int]], count: int, number: int
) -> None:
    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(call=calls(patient, known))
    def fire(call: Call) -> None:
        for fault in target.fire(call):
            first, times = found.get(fault, (call, 0))
            found[fault] = (first, times + 1)

    fire()


if __name__ == "__main__":
    sys.exit(main())
