"""The care-continuity gateway: AI-written mental-health content, carried into FHIR R4."""

__version__ = "0.5.0"
