"""What counts as publishing data, serving a model, and opening either to everyone: tables, not code.

Types are those of the providers' own documentation. A policy adds to them (`spec.terraform.publishers`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from gatecli.checks.terraform.gate_digests import ShippedGate

DATASET, MODEL, WORKLOAD = "dataset", "model", "workload"

PUBLISHERS: Mapping[str, str] = MappingProxyType(
    {
        "aws_s3_object": DATASET,
        "aws_s3_bucket_object": DATASET,
        "aws_s3_object_copy": DATASET,
        "aws_glue_catalog_table": DATASET,
        "aws_dataexchange_data_set": DATASET,
        "google_storage_bucket_object": DATASET,
        "google_bigquery_table": DATASET,
        "google_bigquery_analytics_hub_listing": DATASET,
        "azurerm_storage_blob": DATASET,
        "snowflake_share": DATASET,
        "databricks_share": DATASET,
        "aws_sagemaker_model": MODEL,
        "aws_sagemaker_endpoint_configuration": MODEL,
        "aws_sagemaker_endpoint": MODEL,
        "aws_sagemaker_model_package_group": MODEL,
        "awscc_sagemaker_model_package": MODEL,
        "aws_bedrock_custom_model": MODEL,
        "google_vertex_ai_endpoint": MODEL,
        "google_vertex_ai_endpoint_with_model_garden_deployment": MODEL,
        "azurerm_machine_learning_inference_cluster": MODEL,
        "databricks_model_serving": MODEL,
        "helm_release": WORKLOAD,
    }
)
"""By type, what a resource publishes, or deploys without showing it to the plan.

Kubernetes' own workloads are none: their manifests stand in the plan and are searched there, and most serve
no model. Those that do say so by their kind (`SERVING`).
"""

SERVING: frozenset[str] = frozenset(
    {"InferenceService", "InferenceGraph", "LLMInferenceService", "SeldonDeployment", "RayService"}
)
"""Kinds of Kubernetes objects that serve a model: of KServe, Seldon Core and KubeRay."""

SERVING_IN_AZURE = re.compile(
    r"Microsoft\.MachineLearningServices/workspaces/(online|batch|serverless)Endpoints(/deployments)?@.*",
    re.IGNORECASE,
)
"""Types of `azapi_resource` that serve a model: Azure ML's endpoints have no resource of their own."""

SERVING_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "kubernetes_manifest": ("manifest", "kind"),
        "azapi_resource": ("type",),
    }
)
"""By type, the argument that says what a resource is: where only the apply knows it, it may serve a model."""

GATES: Mapping[str, str] = MappingProxyType(
    {"k_anonymity_gate": DATASET, "model_release_gate": MODEL, "pii_gate": WORKLOAD}
)
"""The gate modules, and what they gate."""

EARLIER: tuple[ShippedGate, ...] = ()
"""Gates of earlier releases that are still good; those of this one are in `terraform_gates`."""

EVIDENCE: Mapping[str, str] = MappingProxyType({"anonymity": DATASET, "release": MODEL})
"""The gates of the command line, and what their reports are evidence for."""

_EVERYONE = frozenset({"allUsers", "allAuthenticatedUsers"})
_ACL = frozenset({"public-read", "public-read-write", "authenticated-read"})
_OPEN_CONTAINER = frozenset({"blob", "container"})

PUBLIC: Mapping[str, tuple[tuple[str, frozenset[str]], ...]] = MappingProxyType(
    {
        "aws_s3_object": (("acl", _ACL),),
        "aws_s3_bucket": (("acl", _ACL),),
        "aws_s3_bucket_acl": (("acl", _ACL),),
        "google_storage_bucket_iam_member": (("member", _EVERYONE),),
        "google_storage_bucket_iam_binding": (("members", _EVERYONE),),
        "google_bigquery_dataset_iam_member": (("member", _EVERYONE),),
        "google_bigquery_dataset_iam_binding": (("members", _EVERYONE),),
        "google_bigquery_table_iam_member": (("member", _EVERYONE),),
        "azurerm_storage_container": (("container_access_type", _OPEN_CONTAINER),),
    }
)
"""Arguments by type, and the values of them that let everyone in."""

BUDGETS = re.compile(r"\w*cleanrooms_privacy_budget_template")
"""AWS Clean Rooms' differential privacy: `parameters.epsilon` is spent by each period's queries."""

SQL = ("snowflake_", "google_bigquery_")
"""Providers whose privacy policies stand in SQL, or in arguments named like it."""

BUDGET_KEYS = frozenset({"epsilon_budget", "epsilonBudget"})
"""BigQuery's `DifferentialPrivacyPolicy`: the ε of all queries against a view."""

SQL_BUDGET = re.compile(
    r"(?:\bBUDGET_LIMIT\s*=>|[\"']epsilon_budget[\"']\s*:)\s*([0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]{1,3})?)",
    re.IGNORECASE,
)
"""The same in SQL; and Snowflake's `PRIVACY_BUDGET(BUDGET_LIMIT => …)`, the ε of one window."""

SQL_POLICY = re.compile(r"\bPRIVACY_BUDGET\s*\(|[\"']differential_privacy_policy[\"']\s*:", re.IGNORECASE)
"""Where such a policy begins: one without a limit leaves it to the platform."""

SQL_ARGUMENTS = BUDGET_KEYS | {
    "as_select",
    "body",
    "definition_body",
    "execute",
    "materialized_view",
    "params",
    "privacy_policy",
    "query",
    "statement",
    "view",
}
"""Arguments of those providers that hold SQL or such a policy, and so perhaps a budget."""

BLOCKS = frozenset({"materialized_view", "query", "view"})
"""Those that may be blocks."""

PERSONAL_NAME = re.compile(
    r"(^|_)(ssn|social_security(_number)?|passport(_number)?|resident_id|id_card(_number)?|national_id"
    r"|tax_id|iban|credit_card(_number)?|card_number|medical_record(_number)?|date_of_birth|birth_date)($|_)"
)
"""Names of variables that hold what identifies one person."""
