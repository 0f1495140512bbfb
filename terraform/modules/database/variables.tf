variable "backup" {
  description = <<-EOT
    How long a daily backup of the main database is kept, in weeks. What an owner deletes is gone
    from the last backup this long after it is gone from the database, so eight weeks at most.
  EOT
  type = object({
    retention_weeks = optional(number, 8)
  })
  default  = {}
  nullable = false

  validation {
    condition = (
      var.backup.retention_weeks >= 1
      && var.backup.retention_weeks <= 8
      && floor(var.backup.retention_weeks) == var.backup.retention_weeks
    )
    error_message = "Keep backups for 1 to 8 whole weeks: deleted data must be gone within 90 days."
  }
}

variable "database_of" {
  description = "The database of each collection that doesn't lie in the main one: `keys`."
  type        = map(string)
  nullable    = false
}

variable "indexes_file" {
  description = "Path of firestore.indexes.json: composite indexes, exemptions and times to live."
  type        = string
  nullable    = false
}

variable "kms_key" {
  description = "Id of the key that encrypts the databases at rest; null leaves it to Google."
  type        = string
  default     = null
}

variable "location" {
  description = "Where the databases lie: nam5 or nam7 (several regions), or one such as us-east4."
  type        = string
  default     = "nam5"
  nullable    = false

  validation {
    condition     = can(regex("^(nam[57]|us-[a-z]+[0-9]+)$", var.location))
    error_message = "User data stays in the US: choose nam5, nam7 or a region that begins with us-."
  }
}

variable "project_id" {
  description = "Project that holds the databases."
  type        = string
  nullable    = false
}

variable "protected" {
  description = "Whether the databases refuse to be deleted, by Terraform and by anybody else."
  type        = bool
  default     = true
  nullable    = false
}

variable "rules_file" {
  description = "Path of firestore.rules, which deny every client; functions aren't bound by rules."
  type        = string
  nullable    = false
}
