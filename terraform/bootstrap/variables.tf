variable "deny_data_access" {
  description = <<-EOT
    Whether a deny policy keeps the workflows' accounts from reading data, whatever roles they have
    or give themselves. It takes roles/iam.denyAdmin and roles/resourcemanager.tagAdmin, which only an
    organisation can give.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "github" {
  description = <<-EOT
    The repository whose workflows may plan and deploy, without any key: as "OWNER/NAME" and by its
    number (`gh api repos/OWNER/NAME --jq .id`), because a name can pass to somebody else. Only the
    named branch deploys, and only in the named environment, which needs reviewers in the
    repository's settings. Null makes neither accounts nor trust for workflows.
  EOT
  type = object({
    repository    = string
    repository_id = string
    branch        = optional(string, "main")
    environment   = optional(string, "production")
  })
  default = null

  validation {
    condition = var.github == null ? true : can(
      regex("^[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}$", var.github.repository)
    )
    error_message = "Write github.repository as OWNER/NAME, without a host."
  }

  validation {
    condition = var.github == null ? true : can(
      regex("^[0-9]{1,20}$", var.github.repository_id)
    )
    error_message = "Write github.repository_id in digits: gh api repos/OWNER/NAME --jq .id"
  }

  validation {
    condition = var.github == null ? true : alltrue([
      for name in [var.github.branch, var.github.environment] :
      can(regex("^[A-Za-z0-9._/-]{1,100}$", name))
    ])
    error_message = "github.branch and github.environment take letters, digits and . _ / - alone."
  }
}

variable "labels" {
  description = "Put on everything that can carry labels."
  type        = map(string)
  default     = { deployment = "paddock" }
  nullable    = false
}

variable "location" {
  description = "Where state and sources to build are stored: US or one of its regions."
  type        = string
  default     = "US"
  nullable    = false

  validation {
    condition     = can(regex("^(US|us-(central|east|south|west)[0-9]+)$", var.location))
    error_message = "Set location to US or a region such as us-central1: data stays in the US."
  }
}

variable "project_id" {
  description = "The project everything is made in. It exists and has a billing account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "Set project_id to a project's id, such as acme-paddock-1 (not its number)."
  }
}

variable "protection" {
  description = <<-EOT
    Whether `destroy` may take the state's bucket, the images and the secrets with it, and for how
    many days an older state can be had again.
  EOT
  type = object({
    deletion           = optional(bool, true)
    state_history_days = optional(number, 90)
  })
  default  = {}
  nullable = false

  validation {
    condition = (
      var.protection.state_history_days >= 7 && var.protection.state_history_days <= 365
    )
    error_message = "Set protection.state_history_days to 7 to 365 days."
  }
}

variable "region" {
  description = "Where images are built and stored, beside what runs them."
  type        = string
  default     = "us-central1"
  nullable    = false

  validation {
    condition     = can(regex("^us-(central|east|south|west)[0-9]+$", var.region))
    error_message = "Set region to one in the US, such as us-central1: data stays in the US."
  }
}

variable "runner_project" {
  description = <<-EOT
    A project to make for execution containers alone: its id, the billing account that pays for it, and
    the organisation or folder it lies in, by number, if any. Null runs them in the main project.
  EOT
  type = object({
    id              = string
    billing_account = string
    folder_id       = optional(string)
    org_id          = optional(string)
  })
  default = null

  validation {
    condition = var.runner_project == null ? true : (
      can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.runner_project.id))
      && var.runner_project.id != var.project_id
    )
    error_message = "Set runner_project.id to an id that no project has, and not to project_id."
  }
}

variable "secret_regions" {
  description = "Where the values of secrets are stored: two or more regions in the US."
  type        = list(string)
  default     = ["us-central1", "us-east1"]
  nullable    = false

  validation {
    condition     = length(distinct(var.secret_regions)) >= 2
    error_message = "Name two different secret_regions: functions can't start without secrets."
  }

  validation {
    condition = alltrue([
      for region in var.secret_regions : can(regex("^us-(central|east|south|west)[0-9]+$", region))
    ])
    error_message = "Name secret_regions in the US, such as us-east1: data stays in the US."
  }
}
