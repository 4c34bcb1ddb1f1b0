"""The truth table of the policy: its cases, group by group, as data that is decided on."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.rules.cases.case import Group
from gateway.rules.cases.combined import COMBINED
from gateway.rules.cases.described import DESCRIBED
from gateway.rules.cases.labels import LABELS
from gateway.rules.cases.policy import POLICY
from gateway.rules.cases.recipients import RECIPIENTS

GROUPS: Sequence[Group] = (*POLICY, *RECIPIENTS, *LABELS, *DESCRIBED, *COMBINED)
