variable "applications" {
  description = <<-EOT
    Accounts of the functions, as `serviceAccount:` members, whose reads and writes of documents
    and objects aren't logged one by one: they write a trail of their own.
  EOT
  type        = list(string)
  default     = []
  nullable    = false
}

variable "fixed_location" {
  description = <<-EOT
    Where Google made the project's _Default bucket, which nothing is sent to: `global`, unless the
    organisation had set another place before the project was made.
  EOT
  type        = string
  default     = "global"
  nullable    = false
}

variable "kms_key" {
  description = "Id of the key that encrypts log buckets; null leaves it to Google. Stays once set."
  type        = string
  default     = null
}

variable "location" {
  description = "Where log buckets lie: `us`, or one region such as us-central1."
  type        = string
  default     = "us"
  nullable    = false

  validation {
    condition     = can(regex("^(us|us-[a-z]+[0-9]+)$", var.location))
    error_message = "Logs stay in the US: choose us or a region that begins with us-."
  }
}

variable "locked" {
  description = <<-EOT
    Whether the buckets of access and audit logs are locked: nobody can then shorten their
    retention or delete them. It can't be undone.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "project_id" {
  description = "Project whose logs these are."
  type        = string
  nullable    = false
}

variable "readers" {
  description = <<-EOT
    Who may read which logs, as `user:`, `group:` or `serviceAccount:` members: `executions` (what
    runners printed about themselves), `access` (requests), `audit` (who read or changed what in
    the project), `errors` (failures without requests). Nobody needs roles/logging.viewer.
  EOT
  type = object({
    access     = optional(list(string), [])
    audit      = optional(list(string), [])
    errors     = optional(list(string), [])
    executions = optional(list(string), [])
  })
  default  = {}
  nullable = false
}

variable "runner_project_id" {
  description = "The runners' own project, whose entries come here too; null without one."
  type        = string
  default     = null
}

variable "retention_days" {
  description = "Days that each class of logs is kept, and what the bucket _Default had before."
  type = object({
    _Default   = number
    access     = number
    audit      = number
    executions = number
  })
  nullable = false

  validation {
    condition = (
      var.retention_days.executions >= 30
      && var.retention_days.access >= 90
      && var.retention_days.audit >= 400
    )
    error_message = "Keep logs of executions for 30 days, of requests for 90, of audits for 400."
  }
}
