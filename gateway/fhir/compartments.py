"""Which resources belong to a patient: https://hl7.org/fhir/R4/compartmentdefinition-patient.html

A resource is in the compartment of a patient whom one of these search parameters names; the Patient itself is, too.
Binary, Task, Subscription, Practitioner, Organization and Device are in none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files

_DEFINED = json.loads((files("gateway.fhir") / "definitions" / "compartments.json").read_text())

# Type → the codes of its search parameters that name the patient; a type that is not here is never in the compartment.
PATIENT: Mapping[str, tuple[str, ...]] = {name: tuple(codes) for name, codes in _DEFINED["Patient"].items()}
