variable "alerts" {
  description = <<-EOT
    Whom alerts reach: mail addresses, and optionally an https address that takes Cloud Monitoring's
    webhook (a pager, a chat). It is kept in Terraform's state, so it must hold no secret.
  EOT
  type = object({
    emails  = list(string)
    webhook = optional(string)
  })
  nullable = false

  validation {
    condition     = length(var.alerts.emails) > 0
    error_message = "Name a mail address under alerts.emails: an alert must reach a person."
  }

  validation {
    condition     = var.alerts.webhook == null || can(regex("^https://", var.alerts.webhook))
    error_message = "The webhook under alerts is an address that begins with https://."
  }
}

variable "budget" {
  description = <<-EOT
    What the project may cost a month before mails go out, at half, nine tenths and all of it, and
    the billing account it is paid from; null watches no cost.
  EOT
  type = object({
    billing_account = string
    monthly_usd     = number
  })
  default = null

  validation {
    condition     = var.budget == null ? true : var.budget.monthly_usd >= 1
    error_message = "Set budget.monthly_usd to 1 or more, or leave budget out."
  }
}

variable "databases" {
  description = "Names of the Firestore databases, for the dashboard."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "domain" {
  description = "Host name that clients call, such as api.example.com."
  type        = string
  nullable    = false
}

variable "functions" {
  description = "Functions to watch: name => whether it is on the `edge` or `internal`."
  type        = map(string)
  nullable    = false
}

variable "labels" {
  description = "Labels of alert policies and channels."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "project_id" {
  description = "Project that is watched."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "Number of the project, by which a budget knows it; needed only with a budget."
  type        = string
  default     = null
}

variable "runbook_url" {
  description = "Where docs/operate.md can be read; each alert names its part of it."
  type        = string
  default     = "docs/operate.md"
  nullable    = false
}

variable "thresholds" {
  description = <<-EOT
    From how many on an alert goes out: refused credentials in a minute; runs of which the sandbox
    denied something, in a minute; starts of executions in a minute; share of failing requests.
  EOT
  type = object({
    denials_per_minute  = optional(number, 20)
    failing_share       = optional(number, 0.02)
    refusals_per_minute = optional(number, 60)
    starts_per_minute   = optional(number, 120)
  })
  default  = {}
  nullable = false
}
