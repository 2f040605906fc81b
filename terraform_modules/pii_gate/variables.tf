variable "manifests" {
  description = "The rendered manifests to apply: files, or folders with all they hold."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.manifests) > 0 && alltrue([for path in var.manifests : path != "" && !can(regex("[[:cntrl:]]", path))])
    error_message = "Name at least one file or folder, without control characters."
  }
}

variable "evidence" {
  description = "The report of `gatecli pii scan` over them, outside of the folders."
  type        = string
  default     = "pii.gate.json"
  nullable    = false

  validation {
    condition     = !can(regex("[[:cntrl:]]|^$", var.evidence))
    error_message = "The evidence is the path of a file, without control characters."
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
