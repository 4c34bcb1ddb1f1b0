"""How many random examples a run tries: what `make test` has time for, or a night (`--hypothesis-profile=nightly`).

None of them is judged by the clock.
"""

from __future__ import annotations

from hypothesis import settings

# Of each property test that says no number of its own; that of the worlds runs in four parts.
settings.register_profile("default", max_examples=500, deadline=None)
settings.register_profile("nightly", max_examples=12_500, deadline=None)
settings.load_profile("default")
