variable "dataset" {
  description = "The table to publish: a file, or a folder of Parquet files, on the machine that plans and applies."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.dataset) > 0 && !can(regex("[[:cntrl:]]", var.dataset)) && !can(regex("^[A-Za-z][A-Za-z0-9+.-]*://", var.dataset))
    error_message = "The dataset is the path of a file or folder on this machine, without control characters; a database cannot be bound to bytes."
  }
}

variable "quasi_identifiers" {
  description = "The columns that others may know of a person. The evidence must measure all of them; more is stricter and taken (with `missing = \"wildcard\"` it must be exactly these)."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.quasi_identifiers) > 0 && alltrue([for name in var.quasi_identifiers : name != "" && trimspace(name) == name && !can(regex("[[:cntrl:]]", name))])
    error_message = "Name at least one quasi-identifier, without control characters or outer blanks."
  }
}

variable "sensitive" {
  description = "The columns that nobody may learn of a person. The evidence must measure all of them."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.sensitive : name != "" && trimspace(name) == name && !can(regex("[[:cntrl:]]", name))])
    error_message = "A sensitive column has a name, without control characters or outer blanks."
  }
}

variable "k" {
  description = "The least number of records that share their quasi-identifiers."
  type        = number
  nullable    = false

  validation {
    condition     = var.k >= 2 && floor(var.k) == var.k
    error_message = "k is a whole number of at least 2: with k = 1 every record may be unique."
  }
}

variable "l" {
  description = "The fewest distinct sensitive values among such records; null demands none."
  type        = number
  default     = null

  validation {
    condition     = try(var.l >= 1 && floor(var.l) == var.l, var.l == null)
    error_message = "l is a whole number of at least 1."
  }
}

variable "t" {
  description = "The greatest distance between their sensitive values and the table's, 0 to 1; null demands none."
  type        = number
  default     = null

  validation {
    condition     = try(var.t >= 0 && var.t <= 1, var.t == null)
    error_message = "t is between 0 and 1."
  }
}

variable "tier" {
  description = "The sensitivity of the data, a tier of the policy. `gatecli terraform check` then holds the thresholds here against all of the tier's; null names none."
  type        = string
  default     = null

  validation {
    condition     = var.tier == null || !can(regex("[[:cntrl:]]|^$", var.tier))
    error_message = "The tier is a name, without control characters."
  }
}

variable "missing" {
  description = "What a missing value was taken for: `own-value`, `wildcard` or `refuse`. The evidence must say the same."
  type        = string
  default     = "own-value"
  nullable    = false

  validation {
    condition     = contains(["own-value", "wildcard", "refuse"], var.missing)
    error_message = "A missing value is own-value, wildcard or refuse."
  }
}

variable "evidence" {
  description = "The report of `gatecli anonymity check`; by default the dataset's path with `.gate.json`."
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

variable "run" {
  description = "Whether the apply makes the evidence itself, with the gatecli on its PATH and a POSIX shell. The verdict then comes at apply, not at plan."
  type        = bool
  default     = false
  nullable    = false
}
