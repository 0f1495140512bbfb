variable "at_rest" {
  description = <<-EOT
    Services whose data is encrypted with a key of the project's own: name of the key => the
    service's agent, `serviceAccount:service-…`, which may use that key and no other. Empty leaves
    encryption at rest to Google's keys.
  EOT
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for agent in values(var.at_rest) : startswith(agent, "serviceAccount:")
    ])
    error_message = "Name each service's agent as serviceAccount:ADDRESS."
  }
}

variable "destroy_after_days" {
  description = "Days from the order to destroy a key's version until it is gone. Fixed once made."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.destroy_after_days >= 1 && var.destroy_after_days <= 30
    error_message = "Let a key's version be destroyed 1 to 30 days after the order."
  }
}

variable "hsm" {
  description = <<-EOT
    Whether keys live in hardware modules, which cost more. Fixed once made. Keys that sign don't:
    the modules have no Ed25519.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "labels" {
  description = "Labels of every key."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "location" {
  description = "Where the keys lie: `us`, which suits nam5 and buckets in US, or one region."
  type        = string
  default     = "us"
  nullable    = false

  validation {
    condition     = can(regex("^(us|us-[a-z]+[0-9]+)$", var.location))
    error_message = "Keys stay in the US: choose us or a region that begins with us-."
  }
}

variable "name" {
  description = "Name of the key ring, which can never be deleted."
  type        = string
  default     = "paddock"
  nullable    = false
}

variable "project_id" {
  description = "Project that holds the key ring."
  type        = string
  nullable    = false
}

variable "protected" {
  description = "Whether Terraform refuses to destroy keys, and with them all they encrypt."
  type        = bool
  default     = true
  nullable    = false
}

variable "purposes" {
  description = <<-EOT
    What the application wraps or signs: name of the key => `wrap` (symmetric, rotated) or `sign`
    (asymmetric, whose versions a person makes, because a public key must be published first).
  EOT
  type        = map(string)
  default = {
    audit-details       = "wrap"
    environment-secrets = "wrap"
    trigger-secrets     = "wrap"
    certificates        = "sign"
    checkpoints         = "sign"
    evidence            = "sign"
  }
  nullable = false

  validation {
    condition     = alltrue([for kind in values(var.purposes) : contains(["wrap", "sign"], kind)])
    error_message = "A key's purpose is wrap or sign."
  }
}

variable "rotation_days" {
  description = "Days after which a wrapping key gets a new version; older ones go on opening."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.rotation_days >= 2 && var.rotation_days <= 365
    error_message = "Rotate keys every 2 to 365 days."
  }
}
