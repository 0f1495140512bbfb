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

variable "image" {
  description = "Image of all functions, by digest; a front is one of its programs."
  type        = string
  nullable    = false
}

variable "instances_max" {
  description = "Most instances. One counts exactly; each more admits as many requests of an address again."
  type        = number
  default     = 1
  nullable    = false
}

variable "labels" {
  description = "Labels of the service."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "name" {
  description = "Name of the service, and part of the address that callers know; fn-NAME is its account."
  type        = string
  nullable    = false
}

variable "per_address" {
  description = "Requests that clients may send from one address; what isn't stated is as in docs/limits.md."
  type        = object({ max = optional(number), windowMs = optional(number) })
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

variable "services" {
  description = "Addresses of the functions' services, with `{function}` for the name."
  type        = string
  nullable    = false
}

variable "side" {
  description = "Whom it stands before: `edge` for clients' functions, `gateways` for those that runners call."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["edge", "gateways"], var.side)
    error_message = "A front's side is edge or gateways."
  }
}
