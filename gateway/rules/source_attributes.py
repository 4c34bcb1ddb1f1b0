"""The 31 source attributes of a predictive decision support intervention: what a model's maker must tell its users.

45 CFR 170.315(b)(11)(iv)(B). Ids are short names of ours; the words are the regulation's, shortened.
"""

from __future__ import annotations

from collections.abc import Mapping

PREDICTIVE: Mapping[str, Mapping[str, str]] = {
    "Details and output of the intervention": {
        "developer": "Developer, with contact information",
        "funding": "Funding source of the technical implementation",
        "output_value": "Value that is produced as output",
        "output_type": "Type of output: prediction, classification, recommendation, evaluation, analysis or other",
    },
    "Purpose of the intervention": {
        "intended_use": "Intended use",
        "patient_population": "Intended patient population",
        "intended_users": "Intended users",
        "decision_role": "Intended role in decisions: informs, augments or replaces clinical management",
    },
    "Cautioned out-of-scope use of the intervention": {
        "inappropriate_use": "Tasks, situations and populations it should not be used for",
        "risks": "Known risks, inappropriate settings and uses, known limitations",
    },
    "Intervention development details and input features": {
        "criteria": "Criteria that included in and excluded from the training data",
        "variables": "Use of demographic and health status variables as input features",
        "demographics": "Demographic representativeness of the training data",
        "relevance": "Relevance of the training data to the intended setting",
    },
    "Process used to ensure fairness in development of the intervention": {
        "approach": "Approach taken to ensure that the output is fair",
        "bias_mitigation": "Approaches to manage, reduce or eliminate bias",
    },
    "External validation process": {
        "data_source": "Data source, clinical setting or environment of the external validation",
        "tester": "Party that conducted the external testing",
        "ext_demographics": "Demographic representativeness of the external data",
        "process": "Process of external validation",
    },
    "Quantitative measures of performance": {
        "internal_validity": "Validity in test data from the source of the training data",
        "internal_fairness": "Fairness in test data from the source of the training data",
        "external_validity": "Validity in data from another source",
        "external_fairness": "Fairness in data from another source",
        "outcome_evaluation": "References to evaluations of outcomes",
    },
    "Ongoing maintenance of intervention implementation and use": {
        "validity_monitoring": "How and how often validity is monitored",
        "local_validity": "Validity in local data",
        "fairness_monitoring": "How and how often fairness is monitored",
        "local_fairness": "Fairness in local data",
    },
    "Update and continued validation or fairness assessment schedule": {
        "update_process": "How and how often it is updated",
        "correction": "How often performance is corrected when risks to validity or fairness are found",
    },
}
ATTRIBUTES: Mapping[str, str] = {id: title for group in PREDICTIVE.values() for id, title in group.items()}
