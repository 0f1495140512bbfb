variable "versions" {
  description = <<-EOT
    Secret => number of the version that is mounted, such as `{ peppers = "3" }`. A new value comes
    with a new number and a new revision of its readers; values are never in Terraform.
  EOT
  type        = map(string)
  nullable    = false

  validation {
    condition = alltrue([
      for version in values(var.versions) : can(regex("^[1-9][0-9]*$", version))
    ])
    error_message = "Pin each secret to the number of a version (never latest)."
  }
}
