variable "path" {
  description = "The JSON report of a gatecli gate (`--report json=FILE`), or an attestation."
  type        = string
  nullable    = false
}

variable "is_attestation" {
  description = "Whether the file is an attestation (`gatecli attest`) instead of a report. Its signature is not verified here."
  type        = bool
  default     = false
  nullable    = false
}

variable "gate" {
  description = "The gate that must have made it: `anonymity`, `release` or `pii`."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["anonymity", "release", "pii"], var.gate)
    error_message = "The gate is anonymity, release or pii."
  }
}

variable "policy_sha256" {
  description = "The digest of the policy that must have judged (`policy.sha256` in a report); null takes any."
  type        = string
  default     = null

  validation {
    condition     = var.policy_sha256 == null || can(regex("^[0-9a-f]{64}$", var.policy_sha256))
    error_message = "A policy's digest is 64 hexadecimal digits in lower case, as policy.sha256 in a report has it."
  }
}

variable "max_age" {
  description = "How old the report may be: whole hours, minutes and seconds, such as `168h` or `1h30m`."
  type        = string
  default     = "168h"
  nullable    = false

  validation {
    condition     = can(regex("^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$", var.max_age)) && can(regex("[1-9]", var.max_age))
    error_message = "The greatest age is a duration above zero such as 168h, 90m or 1h30m."
  }
}

variable "now" {
  description = "The time to judge the age by, RFC 3339: `plantimestamp()`, or `timestamp()` for a report that the apply makes."
  type        = string
  nullable    = false
}
