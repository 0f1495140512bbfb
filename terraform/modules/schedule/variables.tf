variable "audience" {
  description = "Audience of the identity tokens that Scheduler shows."
  type        = string
  nullable    = false
}

variable "deployer" {
  description = "Who may hand this account to what runs: a member, serviceAccount:ADDRESS."
  type        = string
  default     = null
}

variable "functions" {
  description = "Functions with the routes that are called at fixed times."
  type = map(object({
    limits = object({ timeoutSeconds = number })
    routes = list(object({
      cron    = optional(string)
      method  = string
      path    = string
      summary = string
    }))
  }))
  nullable = false
}

variable "project_id" {
  description = "Project of the jobs."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the jobs."
  type        = string
  nullable    = false
}

variable "uris" {
  description = "Addresses of the functions: function => https address."
  type        = map(string)
  nullable    = false
}
