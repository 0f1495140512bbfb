variable "archive_retention_days" {
  description = "Days that billing records are kept: seven years, two of them leap years."
  type        = number
  nullable    = false

  validation {
    condition     = var.archive_retention_days >= 2557
    error_message = "Keep billing records for seven years: 2557 days or more."
  }
}

variable "checkpoint_retention_days" {
  description = "Days that signed checkpoints of the audit trail can't be changed or deleted."
  type        = number
  nullable    = false

  validation {
    condition     = var.checkpoint_retention_days >= 400
    error_message = "Keep checkpoints for 400 days or more, as long as the audit log."
  }
}

variable "export_days" {
  description = "Days after which archives of accounts are deleted."
  type        = number
  nullable    = false

  validation {
    condition     = var.export_days >= 1 && var.export_days <= 14
    error_message = "Keep archives of accounts for 1 to 14 days: deleted data must be gone within 30."
  }
}

variable "kms_key" {
  description = "Id of the key that encrypts the buckets at rest; null leaves it to Google's own."
  type        = string
  default     = null
}

variable "labels" {
  description = "Labels of every bucket."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "location" {
  description = "Where the buckets lie: US (several regions) or one region such as US-EAST4."
  type        = string
  default     = "US"
  nullable    = false

  validation {
    condition     = can(regex("^US(-[A-Z]+[0-9]+)?$", upper(var.location)))
    error_message = "User data stays in the US: choose US or a region that begins with US-."
  }
}

variable "locked" {
  description = <<-EOT
    Whether retention is locked. Locked, nobody can shorten it or delete what it covers, Google
    and the project's owner included; it can't be undone, and the project outlives its use.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "noncurrent_days" {
  description = "Days that an overwritten or deleted workspace object can be restored."
  type        = number
  nullable    = false

  validation {
    condition     = var.noncurrent_days >= 1 && var.noncurrent_days <= 14
    error_message = "Keep deleted objects for 1 to 14 days: deleted data must be gone within 30."
  }
}

variable "prefix" {
  description = "What the buckets' names begin with; null takes the project's id. Names are global."
  type        = string
  default     = null
}

variable "project_id" {
  description = "Project that holds the buckets."
  type        = string
  nullable    = false
}

variable "protected" {
  description = "Whether Terraform refuses to delete a bucket that holds anything."
  type        = bool
  default     = true
  nullable    = false
}

variable "soft_delete_days" {
  description = "Days that Google keeps a workspace object after its last version is deleted."
  type        = number
  nullable    = false

  validation {
    condition     = var.soft_delete_days >= 7 && var.soft_delete_days <= 14
    error_message = "Google keeps them for 7 days at least; deleted data must be gone within 30."
  }
}
