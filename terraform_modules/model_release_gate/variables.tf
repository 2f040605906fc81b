variable "declaration" {
  description = "The ModelRelease declaration, usually `privacy.yaml`."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.declaration) > 0 && !can(regex("[[:cntrl:]]", var.declaration))
    error_message = "The declaration is the path of a file, without control characters."
  }
}

variable "artifact" {
  description = "The file to serve: its bytes must be among the declaration's artifacts."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.artifact) > 0 && !can(regex("[[:cntrl:]]", var.artifact)) && !can(regex("^[A-Za-z][A-Za-z0-9+.-]*://", var.artifact))
    error_message = "The artifact is the path of a file on this machine, without control characters."
  }
}

variable "release_name" {
  description = "The release's name (`metadata.name`)."
  type        = string
  nullable    = false
}

variable "release_version" {
  description = "The release's version (`metadata.version`)."
  type        = string
  nullable    = false
}

variable "max_epsilon" {
  description = "The most ε that the release may have spent, by the gate's own upper bound."
  type        = number
  nullable    = false

  validation {
    condition     = var.max_epsilon > 0
    error_message = "The greatest epsilon is above 0."
  }
}

variable "max_delta" {
  description = "The most δ that the release may have been judged at; null leaves it to the policy that judged."
  type        = number
  default     = null

  validation {
    condition     = try(var.max_delta >= 0 && var.max_delta < 1, var.max_delta == null)
    error_message = "The greatest delta is at least 0 and below 1."
  }
}

variable "tier" {
  description = "The sensitivity of the model's data, a tier of the policy. `gatecli terraform check` then holds the thresholds here against all of the tier's; null names none."
  type        = string
  default     = null

  validation {
    condition     = var.tier == null || !can(regex("[[:cntrl:]]|^$", var.tier))
    error_message = "The tier is a name, without control characters."
  }
}

variable "evidence" {
  description = "The report of `gatecli release check`; by default the declaration's path with `.gate.json`."
  type        = string
  default     = null

  validation {
    condition     = var.evidence == null || !can(regex("[[:cntrl:]]|^$", var.evidence))
    error_message = "The evidence is the path of a file, without control characters."
  }
}

variable "attestation" {
  description = "An attestation (`gatecli attest`) to take in place of the report. Its signature is verified by `gatecli terraform check`, by the keys of the policy; this module cannot."
  type        = string
  default     = null

  validation {
    condition     = var.attestation == null || !can(regex("[[:cntrl:]]|^$", var.attestation))
    error_message = "The attestation is the path of a file, without control characters."
  }
}

variable "policy" {
  description = "The policy file that the evidence is made with; only the command uses it. Null takes the one that gatecli finds."
  type        = string
  default     = null

  validation {
    condition     = var.policy == null || !can(regex("[[:cntrl:]]|^$", var.policy))
    error_message = "The policy is the path of a file, without control characters."
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
  description = "How old the evidence may be at plan and at apply, such as `168h` or `1h30m`."
  type        = string
  default     = "168h"
  nullable    = false

  validation {
    condition     = can(regex("^([0-9]{1,6}h)?([0-9]{1,6}m)?([0-9]{1,6}s)?$", var.max_age)) && can(regex("[1-9]", var.max_age))
    error_message = "The greatest age is a duration above zero such as 168h, 90m or 1h30m."
  }
}
