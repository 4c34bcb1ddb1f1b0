"""One errand that every client runs, and how those written in Python run it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import fhirclient.client
from fhirclient.models import bundle, capabilitystatement, observation, patient
from fhirclient.models import flag as flags
from fhirclient.models.fhirreference import FHIRReference
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, ResourceNotFound
from requests import HTTPError

Seen = dict[str, Any]
Errand = dict[str, Any]  # base, token, history, flag


def with_fhirpy(errand: Errand) -> Seen:
    client: Any = SyncFHIRClient(errand["base"], authorization=f"Bearer {errand['token']}")
    loaded = client.execute("", method="post", data=errand["history"])["entry"]
    id = _patient_of([entry["response"]["location"] for entry in loaded])
    made = client.resource("Flag", **errand["flag"], subject={"reference": f"Patient/{id}"})
    made.save()
    former = made.serialize()
    made["status"] = "inactive"
    made.save()
    stale = _refusal(lambda: client.resource("Flag", **{**former, "status": "entered-in-error"}).save())
    return {
        "fhirVersion": client.execute("metadata", method="get")["fhirVersion"],
        "loaded": [entry["response"]["status"] for entry in loaded],
        "observations": [each.id for each in client.resources("Observation").search(patient=id).limit(2)],
        "family": client.reference("Patient", id).to_resource().name[0].family,
        "versions": [former["meta"]["versionId"], made.meta.versionId],
        "status": made.status,
        "stale": stale,
        "missing": _refusal(lambda: client.reference("Flag", "never-was").to_resource()),
    }


def with_fhirclient(errand: Errand) -> Seen:
    """Its own models of R4 read every answer, strictly."""
    auth = {"access_token": errand["token"]}
    state = {"app_id": "ehr", "server": {"base_uri": f"{errand['base']}/", "auth_type": "oauth2", "auth": auth}}
    server = fhirclient.client.FHIRClient(state=state).server
    answer = bundle.Bundle(bundle.Bundle(errand["history"]).create(server))
    id = _patient_of([entry.response.location for entry in answer.entry])
    found = observation.Observation.where({"patient": id, "_count": "2"}).perform_resources_iter(server)
    wanted = flags.Flag(errand["flag"] | {"subject": FHIRReference({"reference": f"Patient/{id}"}).as_json()})
    made = flags.Flag(wanted.create(server))
    former = flags.Flag(made.as_json())
    made.status = "inactive"
    changed = flags.Flag(made.update(server))
    former.status = "entered-in-error"
    return {
        "fhirVersion": capabilitystatement.CapabilityStatement.read_from("metadata", server).fhirVersion,
        "loaded": [entry.response.status for entry in answer.entry],
        "observations": [each.id for each in found],
        "family": patient.Patient.read(id, server).name[0].family,
        "versions": [made.meta.versionId, changed.meta.versionId],
        "status": changed.status,
        "stale": _refusal(lambda: former.update(server)),
        "missing": _refusal(lambda: flags.Flag.read("never-was", server)),
    }


def _patient_of(locations: list[str]) -> str:
    return next(found[1] for found in (re.search(r"Patient/([^/]+)", each) for each in locations) if found)


def _refusal(do: Callable[[], Any]) -> int | str:
    """The status, or the issue's code, whichever the client tells of the answer that stops it."""
    try:
        do()
    except HTTPError as stopped:
        return int(stopped.response.status_code) if stopped.response is not None else 0
    except fhirclient.server.FHIRNotFoundException as stopped:
        return int(stopped.response.status_code)
    except MultipleResourcesFound:
        return 412  # whatever it was that the condition was not met by
    except ResourceNotFound:
        return "not-found"
    return "done"
