variable "attested" {
  description = "Whether containers start only from images that the project's policy admits."
  type        = bool
  default     = true
  nullable    = false
}

variable "deployer" {
  description = "Who may hand this account to what runs: a member, serviceAccount:ADDRESS."
  type        = string
  default     = null
}

variable "environment" {
  description = "Environment variables of every job; none of them is a secret."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "image" {
  description = "Image of the runner, by digest."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest: tags can be moved."
  }
}

variable "jobs" {
  description = "Jobs by name, one for each size and network mode: `jobs` of dist/runner.json."
  type = map(object({
    cpuMillis = number
    memoryMib = number
    network   = string
  }))
  nullable = false
}

variable "labels" {
  description = "Labels of the jobs."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "network" {
  description = "Id of the runners' network."
  type        = string
  nullable    = false
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

variable "subnets" {
  description = "Subnet and network tag of each network mode."
  type        = map(object({ id = string, tag = string }))
  nullable    = false

  validation {
    condition = alltrue([
      for job in values(var.jobs) : contains(keys(var.subnets), job.network)
    ])
    error_message = "Each network mode of the jobs needs a subnet of its own."
  }
}

variable "timeout_seconds" {
  description = "After which the platform ends an execution; the runner ends itself before."
  type        = number
  default     = 3660
  nullable    = false
}
