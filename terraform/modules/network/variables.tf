variable "balanced" {
  description = "Whether an internal load balancer stands before the gateways; else runners call them at Cloud Run's own addresses."
  type        = bool
  default     = true
  nullable    = false
}

variable "cidrs" {
  description = "Address ranges of the subnets; see the main root's `network`."
  type = object({
    allowlist_cidr = string
    gateways_cidr  = string
    internet_cidr  = string
    none_cidr      = string
    proxies_cidr   = string
    publish_cidr   = optional(string, "10.64.242.0/24")
  })
  nullable = false
}

variable "gateway_domain" {
  description = "Host name of the gateways, known inside this network only."
  type        = string
  nullable    = false
}

variable "gateways" {
  description = "Functions that runners call, with the paths they answer; none without a balancer."
  type = map(object({
    routes = list(object({ paths = list(string) }))
  }))
  nullable = false

  validation {
    condition     = (length(var.gateways) > 0) == var.balanced
    error_message = "Runners need at least one gateway to call: no internal function is one."
  }
}

variable "gateways_project_id" {
  description = "Project of the gateways, which isn't the runners' where those have their own."
  type        = string
  nullable    = false
}

variable "labels" {
  description = "Labels of what can have labels."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "project_id" {
  description = "Project of the runners' network."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of runners and gateways."
  type        = string
  nullable    = false
}

variable "services" {
  description = "Cloud Run services of the gateways: function => name."
  type        = map(string)
  nullable    = false
}
