variable "enabled" {
  description = <<-EOT
    Whether to set organisation policies on the project. It takes roles/orgpolicy.policyAdmin,
    which only a project inside an organisation can have.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "locations" {
  description = "Where resources may be made, as groups or regions."
  type        = list(string)
  default     = ["in:us-locations"]
  nullable    = false

  validation {
    condition = alltrue([
      for location in var.locations : can(regex("^(in:)?us(-[a-z0-9]+)*$", location))
    ])
    error_message = "User data stays in the US: name only its groups and regions (in:us-locations)."
  }
}

variable "project_id" {
  description = "Project that the policies bind."
  type        = string
  nullable    = false
}

variable "public_services" {
  description = "Whether services may be called from everywhere, which they are where no load balancer stands before them."
  type        = bool
  default     = false
  nullable    = false
}
