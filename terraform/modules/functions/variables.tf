variable "attested" {
  description = "Whether containers start only from images that the project's policy admits."
  type        = bool
  default     = true
  nullable    = false
}

variable "buckets" {
  description = "Buckets that roles name: `archive`, `checkpoints`, `exports`, `workspaces` => name of the bucket."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "databases" {
  description = "Firestore databases that roles name: `main` => (default), `keys` => keys."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "deployer" {
  description = "Who may hand these accounts to what runs: a member, serviceAccount:ADDRESS."
  type        = string
  default     = null
}

variable "egress" {
  description = "Functions that send everything through a network: function => network and subnet."
  type        = map(object({ network = string, subnet = string }))
  default     = {}
  nullable    = false
}

variable "fronts" {
  description = <<-EOT
    What stands before functions where no load balancer does: the accounts that call them, by the
    functions' visibility (`edge`, `internal`), and the functions' addresses, with `{function}` for the
    name. Null: a load balancer.
  EOT
  type = object({
    members  = map(string)
    services = string
  })
  default = null
}

variable "functions" {
  description = "What each function declares about itself: `functions` of dist/functions.json."
  type = map(object({
    limits = object({
      concurrency    = number
      instancesMax   = number
      memoryMib      = number
      timeoutSeconds = number
    })
    malloc      = optional(map(string), {})
    nodeOptions = string
    roles       = list(string)
    routes = list(object({
      authenticate = string
      paths        = list(string)
    }))
    summary    = string
    visibility = string
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.functions) : length(name) <= 27])
    error_message = "A function's name has at most 27 letters: fn-NAME is its service account."
  }

  validation {
    condition = alltrue([
      for function in values(var.functions) : contains(["edge", "internal"], function.visibility)
    ])
    error_message = "A function's visibility is edge or internal."
  }
}

variable "image" {
  description = "Image of all functions, by digest."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest: tags can be moved."
  }
}

variable "instances_min" {
  description = "Instances that are kept warm: function => how many. Each costs while it waits."
  type        = map(number)
  default     = {}
  nullable    = false
}

variable "jobs" {
  description = "Names of the runner's jobs."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "keys" {
  description = "KMS keys that roles name: purpose => id."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "labels" {
  description = "Labels of the services."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "project_id" {
  description = "Project of the functions."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the functions."
  type        = string
  nullable    = false
}

variable "runner_project_id" {
  description = "Project of the runner's jobs; null if it is the functions' own."
  type        = string
  default     = null
}

variable "secrets" {
  description = "Secrets that roles name: their name in Secret Manager, and the version to mount."
  type        = map(object({ name = string, version = string }))
  default     = {}
  nullable    = false
}

variable "settings" {
  description = <<-EOT
    Settings (shared/config.ts): of `all` functions, of those `by_authentication` of a route, and of
    those `by_role`, by the first word of a role. None of them is a secret.
  EOT
  type = object({
    all               = optional(map(string), {})
    by_authentication = optional(map(map(string)), {})
    by_role           = optional(map(map(string)), {})
  })
  default  = {}
  nullable = false
}

variable "log_views" {
  description = "Views of the logs, by name: location, bucket and name of each."
  type = map(object({
    location = string
    bucket   = string
    name     = string
  }))
  nullable = false
}
