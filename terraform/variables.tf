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
    condition = alltrue([
      for email in var.alerts.emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", email))
    ])
    error_message = "Write each of alerts.emails as a mail address, such as ada@example.com."
  }
}

variable "armor" {
  description = <<-EOT
    What Cloud Armor does before the edge: requests that one address may send to one function in so
    many seconds (what isn't stated is as in `limits.addresses`), whether matches of the OWASP rules
    are refused or only logged, how strict those rules are (1 to 4), and whether it learns what usual
    load looks like.
  EOT
  type = object({
    adaptive        = optional(bool, true)
    enforce_waf     = optional(bool, false)
    requests_max    = optional(number)
    waf_sensitivity = optional(number, 1)
    window_seconds  = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition = (
      coalesce(var.armor.requests_max, try(var.limits.addresses.max, null), 1000) >= 1
      && coalesce(var.armor.requests_max, try(var.limits.addresses.max, null), 1000) <= 1000000
    )
    error_message = "Set armor.requests_max (or limits.addresses.max) to 1 to 1,000,000 requests."
  }

  validation {
    condition = contains(
      [60, 120, 180, 240, 300, 600, 900, 1200, 1800, 2700, 3600],
      coalesce(var.armor.window_seconds, try(var.limits.addresses.windowMs / 1000, null), 900),
    )
    error_message = <<-EOT
      Set armor.window_seconds (or limits.addresses.windowMs) to a length that Cloud Armor knows, such
      as 60 or 900 seconds.
    EOT
  }

  validation {
    condition     = contains([1, 2, 3, 4], var.armor.waf_sensitivity)
    error_message = "Set armor.waf_sensitivity to 1, 2, 3 or 4; 1 has the fewest false alarms."
  }
}

variable "attestation" {
  description = <<-EOT
    Whether containers start only from images that Cloud Build of this project has attested. Off where
    images are built elsewhere, which have no attestation.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "audit" {
  description = <<-EOT
    The audit trail's log: its number, which is part of its name, the versions of the keys that sign
    its checkpoints, certificates of deletion and evidence of executions, and the witnesses that are
    asked to cosign checkpoints. A restored database can't continue a log, so it begins the next one.
  EOT
  type = object({
    certificate_key_version = optional(number, 1)
    evidence_key_version    = optional(number, 1)
    key_version             = optional(number, 1)
    log                     = optional(number, 1)
    witnesses               = optional(list(object({ key = string, url = string })), [])
  })
  default  = {}
  nullable = false

  validation {
    condition = min(
      var.audit.certificate_key_version,
      var.audit.evidence_key_version,
      var.audit.key_version,
      var.audit.log,
    ) >= 1
    error_message = "Logs and versions of keys are numbered from 1."
  }

  validation {
    condition = length(var.audit.witnesses) <= 10 && alltrue([
      for witness in var.audit.witnesses :
      can(regex("^[^+]+[+][0-9a-f]{8}[+]BA", witness.key)) && startswith(witness.url, "https://")
    ])
    error_message = "Name at most 10 witnesses, each by its key (name+id+key of type 4) and https URL."
  }
}

variable "budget" {
  description = <<-EOT
    What the project may cost a month before mails go out, and the billing account it is paid from.
    Null watches no cost. Mails don't stop anything.
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

  validation {
    condition = var.budget == null ? true : can(
      regex("^[0-9A-F]{6}(-[0-9A-F]{6}){2}$", var.budget.billing_account)
    )
    error_message = "Write budget.billing_account like 012345-6789AB-CDEF01."
  }

  validation {
    condition     = var.budget == null || var.project_number != null
    error_message = "A budget knows the project by its number: set project_number too."
  }
}

variable "build" {
  description = "What the functions tell about themselves at /v1/version."
  type = object({
    commit  = optional(string, "unknown")
    time    = optional(string, "unknown")
    version = optional(string, "unknown")
  })
  default  = {}
  nullable = false
}

variable "closed_egress" {
  description = <<-EOT
    Whether functions that open secrets, and the one that calls providers of models, reach nothing but
    Google's APIs and those providers. Their instances then take up to a minute more to start.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "development_keys" {
  description = <<-EOT
    Whether keys of development owners (tb_dev_) are accepted. They aren't unless asked for: such keys
    lie in more places than others, and a deployment that people rely on has no use for them.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "dns_zone" {
  description = <<-EOT
    Name of the project's public zone in Cloud DNS that holds the domain: its three records are then
    made here. Null leaves them to the keeper of the zone; outputs name them.
  EOT
  type        = string
  default     = null
}

variable "domain" {
  description = <<-EOT
    Host name that clients call, such as api.example.com. A trial has none: clients call the address
    that Cloud Run gives its front.
  EOT
  type        = string
  default     = null

  validation {
    condition = var.domain == null ? true : (
      length(var.domain) <= 200
      && can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain))
    )
    error_message = "Write domain as a plain host name in small letters, such as api.example.com."
  }

  validation {
    condition     = (var.domain == null) == (var.profile == "trial")
    error_message = "Set domain, or profile to \"trial\", which has Cloud Run's own address."
  }
}

variable "encryption" {
  description = <<-EOT
    Whether data at rest is encrypted with keys of this project rather than Google's own, and
    whether the project's keys live in hardware modules. Both cost more, and neither can be changed
    once there is data.
  EOT
  type = object({
    customer_managed = optional(bool, false)
    hsm              = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = !var.encryption.customer_managed || var.project_number != null
    error_message = "Keys are given to Google's agents by the project's number: set project_number."
  }
}

variable "first_operator" {
  description = <<-EOT
    Mail address of the Google identity that may make itself an operator while it is none, also after
    another one has removed it. Null is an account of this project made for that, as which `operator_impersonators` may act.
  EOT
  type        = string
  default     = null

  validation {
    condition = var.first_operator == null ? true : can(
      regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.first_operator)
    )
    error_message = "Write first_operator as a mail address, such as ada@example.com."
  }
}

variable "fixed_logs_location" {
  description = <<-EOT
    Where Google made the project's bucket _Default of logs, which nothing is sent to: `global`,
    unless the organisation had set another place before the project was made.
  EOT
  type        = string
  default     = "global"
  nullable    = false
}

variable "functions_file" {
  description = "List of functions that the build writes, seen from where Terraform runs."
  type        = string
  default     = "../dist/functions.json"
  nullable    = false
}

variable "functions_network" {
  description = "Address ranges of the functions whose egress is closed; see `closed_egress`."
  type = object({
    google_cidr    = optional(string, "10.66.0.0/21")
    providers_cidr = optional(string, "10.66.8.0/22")
  })
  default  = {}
  nullable = false
}

variable "health_alert" {
  description = <<-EOT
    Whether the alert that nobody reaches the API is awake. The deploy command wakes it once the API
    has answered for the first time.
  EOT
  type        = bool
  default     = true
  nullable    = false
}

variable "images" {
  description = "Container images, each by the digest of what was built and tested."
  type = object({
    functions = string
    runner    = string
  })
  nullable = false

  validation {
    condition = alltrue([
      for image in values(var.images) : can(regex("^[a-z0-9][^@\\s]+@sha256:[0-9a-f]{64}$", image))
    ])
    error_message = "Name images by digest (…@sha256: and 64 hex digits): tags can be moved."
  }
}

variable "instances_max" {
  description = <<-EOT
    Most instances of any function, where the project's quota is below what the functions ask for:
    Cloud Run refuses a service that could grow beyond it. Null leaves each function its own limit.
  EOT
  type        = number
  default     = null

  validation {
    condition     = var.instances_max == null ? true : var.instances_max >= 1
    error_message = "Set instances_max to 1 or more, or leave it out."
  }
}

variable "instances_min" {
  description = "Instances that are kept warm: function => how many. Each costs while it waits."
  type        = map(number)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for count in values(var.instances_min) : count >= 0 && count <= 100])
    error_message = "Keep 0 to 100 instances of a function warm."
  }
}

variable "labels" {
  description = "Labels of everything that can have labels."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "limits" {
  description = <<-EOT
    What differs from the defaults of docs/limits.md, in the same words, such as
    `{ executions = { max = 100, windowMs = 900000 } }`. The functions refuse to start on a mistake.
  EOT
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = length(jsonencode(var.limits)) <= 16384
    error_message = "Keep limits below 16 KiB: they are a setting of every function."
  }
}

variable "models" {
  description = <<-EOT
    Which language models are offered, in the words of docs/models.md, such as
    `{ default = "claude-sonnet-5", providers = { anthropic = {} } }`. The keys are in the secret
    provider-keys, never here. The functions refuse to start on a mistake.
  EOT
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = length(jsonencode(var.models)) <= 16384
    error_message = "Keep models below 16 KiB: they are a setting of every function."
  }

  validation {
    condition     = !can(regex("sk-[A-Za-z0-9_-]{16}|AIza[A-Za-z0-9_-]{20}", jsonencode(var.models)))
    error_message = "Put keys into the secret provider-keys: models are no secret."
  }
}

variable "location" {
  description = <<-EOT
    Where data lies: `US` for several regions (nam5 for the databases), or one region such as
    us-east4, where everything is then kept.
  EOT
  type        = string
  default     = "US"
  nullable    = false

  validation {
    condition     = can(regex("^(US|us-[a-z]+[0-9]+)$", var.location))
    error_message = "User data stays in the US: set location to US or a region beginning with us-."
  }
}

variable "log_readers" {
  description = "Who may read which logs, as `user:`, `group:` or `serviceAccount:` members."
  type = object({
    access     = optional(list(string), [])
    audit      = optional(list(string), [])
    errors     = optional(list(string), [])
    executions = optional(list(string), [])
  })
  default  = {}
  nullable = false
}

variable "network" {
  description = <<-EOT
    Address ranges of the runners' network: one subnet for each network mode, of which every running
    container takes an address, one for the gateways' address, one for the proxies before them, and
    one through which runners in a project of their own come.
  EOT
  type = object({
    allowlist_cidr = optional(string, "10.64.16.0/20")
    gateways_cidr  = optional(string, "10.64.240.0/28")
    internet_cidr  = optional(string, "10.64.32.0/20")
    none_cidr      = optional(string, "10.64.0.0/20")
    proxies_cidr   = optional(string, "10.64.241.0/24")
    publish_cidr   = optional(string, "10.64.242.0/24")
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for cidr in values(var.network) : can(cidrnetmask(cidr))])
    error_message = "Write each range under network like 10.64.0.0/20."
  }
}

variable "operator_audience" {
  description = "Audience of the Google identity tokens that operators show; null is the url."
  type        = string
  default     = null
}

variable "operator_impersonators" {
  description = <<-EOT
    Who may act as the first operator's account, as `user:` or `serviceAccount:` members: a person's
    own identity tokens name Google's programs as audience, so operators act as an account.
  EOT
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([
      for member in var.operator_impersonators :
      can(regex("^(user|group|serviceAccount):[^@\\s]+@[^@\\s]+$", member))
    ])
    error_message = "Name operator_impersonators as user:, group: or serviceAccount: members."
  }
}

variable "organization_policies" {
  description = "Whether to set organisation policies, which only an organisation's admin may."
  type        = bool
  default     = false
  nullable    = false
}

variable "profile" {
  description = <<-EOT
    `standard`: two load balancers, Cloud Armor, a domain of your own. `trial`: neither; a service of
    Cloud Run routes clients to the functions, and another one runners, for a few dollars a month.
    docs/deploy.md says promise by promise what a trial gives up.
  EOT
  type        = string
  default     = "standard"
  nullable    = false

  validation {
    condition     = contains(["standard", "trial"], var.profile)
    error_message = "Set profile to standard or trial."
  }

  validation {
    condition     = var.profile == "standard" || var.project_number != null
    error_message = "A trial's addresses hold the project's number: set project_number too."
  }

  validation {
    condition = var.profile == "standard" || (
      var.runner_project == null && var.dns_zone == null
    )
    error_message = <<-EOT
      A trial has no runner_project, because only runners of the same project reach its gateways, and no
      dns_zone, because it has no domain.
    EOT
  }
}

variable "project_id" {
  description = "Project that everything is made in; nothing else should live there."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "Write project_id as Google does: 6 to 30 small letters, digits and hyphens."
  }
}

variable "project_number" {
  description = "The project's number, needed with a budget, keys of its own, or in a trial."
  type        = string
  default     = null

  validation {
    condition     = var.project_number == null || can(regex("^[0-9]+$", var.project_number))
    error_message = "Write project_number as digits: `gcloud projects describe` shows it."
  }
}

variable "protection" {
  description = <<-EOT
    What refuses to be deleted: `delete` keeps Terraform and everybody else from deleting databases,
    keys, and buckets that hold anything. `lock_logs` locks the retention of the logs of access and
    audit, `lock_archive` that of billing records and of the audit trail's checkpoints: for good,
    which nobody can undo, and the project can't be deleted before it ends. The deploy command asks
    for each lock by name.
  EOT
  type = object({
    delete       = optional(bool, true)
    lock_archive = optional(bool, false)
    lock_logs    = optional(bool, false)
  })
  default  = {}
  nullable = false
}

variable "region" {
  description = "Region of functions and runners."
  type        = string
  default     = "us-central1"
  nullable    = false

  validation {
    condition     = can(regex("^us-[a-z]+[0-9]+$", var.region))
    error_message = "User data stays in the US: set region to one that begins with us-."
  }
}

variable "runner" {
  description = <<-EOT
    Longest execution the platform allows, in seconds: a minute more than the longest that limits
    allow, which the runner enforces itself.
  EOT
  type = object({
    timeout_seconds = optional(number, 3660)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.runner.timeout_seconds >= 120 && var.runner.timeout_seconds <= 86400
    error_message = "Set runner.timeout_seconds to 120 to 86,400."
  }
}

variable "runner_project" {
  description = <<-EOT
    A project of their own for execution containers, by id and number, which bootstrap has made (the
    deploy command's --runner-project). Google separates projects; within one, a container stands in
    the network of the platform's inner services. Null runs them beside the functions.
  EOT
  type = object({
    id     = string
    number = string
  })
  default = null

  validation {
    condition = var.runner_project == null ? true : (
      can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.runner_project.id))
      && can(regex("^[0-9]+$", var.runner_project.number))
      && var.runner_project.id != var.project_id
    )
    error_message = "Set runner_project to another project's id and number."
  }
}

variable "runner_file" {
  description = "List of the runner's sizes and networks that the build writes."
  type        = string
  default     = "../dist/runner.json"
  nullable    = false
}

variable "secret_versions" {
  description = <<-EOT
    Numbers of the versions of the secrets to mount. Bootstrap makes the secrets and the deploy
    command their versions; a new value comes with a new number, and never through Terraform.
  EOT
  type = object({
    gateway_tokens = string
    mail_login     = string
    peppers        = string
    provider_keys  = string
  })
  nullable = false

  validation {
    condition = alltrue([
      for version in values(var.secret_versions) : can(regex("^[1-9][0-9]*$", version))
    ])
    error_message = "Pin each secret to the number of a version (never latest)."
  }
}

variable "mail" {
  description = <<-EOT
    Who takes the mail that tells owners of incidents: a relay as `host:port` (465 is TLS from
    the beginning, others STARTTLS), and the sender's address. Null sends none. User and password of
    the relay are in the secret `mail-login`, and never here.
  EOT
  type = object({
    server = string
    from   = string
  })
  default = null

  validation {
    condition = var.mail == null ? true : (
      can(regex("^[^:/\\s]+:[0-9]+$", var.mail.server)) && can(regex("^[^@\\s]+@[^@\\s]+$", var.mail.from))
    )
    error_message = "Write mail.server as host:port, and mail.from as a mail address."
  }
}

variable "security" {
  description = <<-EOT
    What /.well-known/security.txt tells the public: who receives reports of weaknesses, as `mailto:`
    or `https:` addresses (null publishes the mail addresses of `alerts`), and the https address of
    a page that says how reports are handled.
  EOT
  type = object({
    contacts = optional(list(string))
    policy   = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition = var.security.contacts == null ? true : length(var.security.contacts) > 0 && alltrue([
      for contact in var.security.contacts :
      can(regex("^(mailto:[^@\\s]+@[^@\\s]+|https://\\S+)$", contact))
    ])
    error_message = "Name security.contacts as mailto: or https: addresses, or leave them out."
  }

  validation {
    condition = (
      var.security.policy == null ? true : can(regex("^https://\\S+$", var.security.policy))
    )
    error_message = "Write security.policy as an https: address, or leave it out."
  }
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
