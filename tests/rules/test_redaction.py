"""What goes out where a consent opens all of a resource but its more restricted parts."""

from __future__ import annotations

from hashlib import sha256

import pytest

from gateway.fhir.check import check
from gateway.fhir.json import dump, parse
from gateway.fhir.labels import CONFIDENTIALITY, confidentiality_of, security_of
from gateway.rules.redaction import NothingLeft, redact
from tests.fhir.test_inline import composition, labelled, observation


def test_the_copy_says_what_was_done_to_it_and_the_digest_of_what_it_was_made_of() -> None:
    made = labelled(composition(), ("section", 1), CONFIDENTIALITY["V"])
    made["meta"]["versionId"] = "3"
    text, confidentiality, digest = redact(dump(made))
    copy = parse(text)
    assert {"REDACTED", "SUBSETTED"} < {code for _, code in security_of(copy)}
    assert digest == sha256(dump(made)).hexdigest()
    assert (copy["meta"]["versionId"], confidentiality_of(copy), confidentiality) == ("3", "R", "R")
    assert b"drinks" not in text
    assert b"low" in text
    assert check(copy) == []


def test_where_nothing_sensible_would_be_left_nothing_goes() -> None:
    with pytest.raises(NothingLeft):
        redact(dump(labelled(observation(), ("status",), CONFIDENTIALITY["V"])))
