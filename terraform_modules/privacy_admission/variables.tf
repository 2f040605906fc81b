variable "kubeconfig" {
  description = "The path of the kubeconfig. Its content stays out of the state."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.kubeconfig) > 0 && !can(regex("[[:cntrl:]]", var.kubeconfig))
    error_message = "The kubeconfig is the path of a file, without control characters."
  }
}

variable "context" {
  description = "The context of the kubeconfig; null uses the current one, which may have changed by the time of the destroy."
  type        = string
  default     = null

  validation {
    condition     = var.context == null || !can(regex("[[:cntrl:]]|^$", var.context))
    error_message = "A context has a name, without control characters."
  }
}

variable "namespace" {
  description = "The namespace to put the webhook into; null keeps the manifests' own."
  type        = string
  default     = null

  validation {
    condition     = var.namespace == null || can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "A namespace is at most 63 lower-case letters, digits and hyphens."
  }
}

variable "overlay" {
  description = "The overlay of `admission/deploy/overlays` to use: where its certificates come from."
  type        = string
  default     = "self-signed"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]*$", var.overlay))
    error_message = "An overlay's name is lower-case letters, digits and hyphens."
  }
}

variable "manifests" {
  description = "A kustomization folder to use instead of the overlay, such as one that `gatecli-admission manifests` wrote."
  type        = string
  default     = null

  validation {
    condition     = var.manifests == null || !can(regex("[[:cntrl:]]|^$", var.manifests))
    error_message = "The manifests are a folder, without control characters in its path."
  }
}

variable "image" {
  description = "The webhook's image, preferably with its digest (`registry/gatecli@sha256:…`); null keeps the manifests' own."
  type        = string
  default     = null

  validation {
    condition     = var.image == null || can(regex("^[a-z0-9][A-Za-z0-9._/:-]*(@sha256:[0-9a-f]{64})?$", var.image))
    error_message = "An image is a name with a tag, a digest or both."
  }
}

variable "image_name" {
  description = "The image's name in the manifests, which `image` replaces."
  type        = string
  default     = "gatecli-admission"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][A-Za-z0-9._/:-]*$", var.image_name))
    error_message = "An image's name has no tag and no digest."
  }
}

variable "timeout" {
  description = "How long to wait until the webhook's deployments are available, such as `5m`; `0s` does not wait."
  type        = string
  default     = "5m"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{1,5}(s|m|h)$", var.timeout))
    error_message = "The time-out is a duration such as 90s or 5m."
  }
}
