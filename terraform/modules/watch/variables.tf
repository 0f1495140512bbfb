variable "alerts" {
  description = <<-EOT
    Whom alerts reach: mail addresses, and optionally an https address that takes Cloud Monitoring's
    webhook (a pager, a chat). `status_page` is the mail or https address by which a status page
    that somebody else hosts hears of what clients notice. All are kept in Terraform's state, so
    none may hold a secret.
  EOT
  type = object({
    emails      = list(string)
    status_page = optional(string)
    webhook     = optional(string)
  })
  nullable = false

  validation {
    condition     = length(var.alerts.emails) > 0
    error_message = "Name a mail address under alerts.emails: an alert must reach a person."
  }

  validation {
    condition     = var.alerts.webhook == null ? true : startswith(var.alerts.webhook, "https://")
    error_message = "The webhook under alerts is an address that begins with https://."
  }

  validation {
    condition = var.alerts.status_page == null ? true : can(
      regex("^(https://.+|[^@\\s]+@[^@\\s]+)$", var.alerts.status_page)
    )
    error_message = "Write alerts.status_page as an https:// address or a mail address."
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

variable "deployers" {
  description = "Accounts of workflows that deploy, whose changes of rights alert nobody."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "domain" {
  description = "Host name that clients call, such as api.example.com."
  type        = string
  nullable    = false
}

variable "executions_bucket" {
  description = <<-EOT
    Id of the log bucket with the executions' entries, where they come from a project of their own;
    null where they are this project's.
  EOT
  type        = string
  default     = null
}

variable "front" {
  description = "Service that answers clients where no load balancer does; null for a load balancer."
  type        = string
  default     = null
}

variable "functions" {
  description = "Functions to watch: name => whether it is on the `edge` or `internal`."
  type        = map(string)
  nullable    = false
}

variable "health_alert" {
  description = "Whether the alert that nobody reaches the API is awake."
  type        = bool
  default     = true
  nullable    = false
}

variable "labels" {
  description = "Labels of alert policies and channels."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "objectives" {
  description = <<-EOT
    What clients may rely on over 28 days: the share of answers that aren't 5xx, and the share that
    comes within so many milliseconds, of functions that don't stream.
  EOT
  type = object({
    availability  = optional(number, 0.995)
    latency_ms    = optional(number, 1000)
    latency_share = optional(number, 0.95)
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for share in [var.objectives.availability, var.objectives.latency_share] :
      share > 0 && share <= 0.9999
    ])
    error_message = "Objectives are shares above 0, 0.9999 at most: all of it leaves no allowance."
  }
}

variable "operator_account" {
  description = "Address of the first operator's account; to act as it is worth an alert."
  type        = string
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

variable "runner_project_number" {
  description = "Number of the runners' own project, whose cost the budget counts too; null without."
  type        = string
  default     = null
}

variable "runbook_url" {
  description = "Where docs/operate.md can be read; each alert names its part of it."
  type        = string
  default     = "docs/operate.md"
  nullable    = false
}

variable "streaming_functions" {
  description = "Functions with routes that stream; the latency objective leaves them out."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "thresholds" {
  description = <<-EOT
    Above how many an alert goes out, each counted over a minute: accounts that reach a share of a
    limit, executions stopped at a wall of the sandbox, jobs that fail, keys used from new networks,
    refused credentials, starts of executions; and the share of requests that fail.
  EOT
  type = object({
    budget_alerts_per_minute = optional(number, 20)
    denials_per_minute       = optional(number, 20)
    failed_jobs_per_minute   = optional(number, 5)
    failing_share            = optional(number, 0.02)
    new_networks_per_minute  = optional(number, 20)
    refusals_per_minute      = optional(number, 60)
    starts_per_minute        = optional(number, 120)
  })
  default  = {}
  nullable = false
}
