variable "armor" {
  description = "See the main root's `armor`."
  type = object({
    adaptive        = bool
    enforce_waf     = bool
    requests_max    = number
    waf_sensitivity = number
    window_seconds  = number
  })
  nullable = false
}

variable "default_function" {
  description = "Function that answers what no route matches, with our own 404."
  type        = string
  default     = "meta"
  nullable    = false

  validation {
    condition     = contains(keys(var.functions), var.default_function)
    error_message = "The function that answers unknown paths must be one of the edge's."
  }
}

variable "domain" {
  description = "Host name that clients call."
  type        = string
  nullable    = false
}

variable "functions" {
  description = "Public functions with the routes they answer."
  type = map(object({
    routes = list(object({
      body  = string
      paths = list(string)
    }))
  }))
  nullable = false
}

variable "labels" {
  description = "Labels of what can have labels."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "project_id" {
  description = "Project of the load balancer."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region of the functions."
  type        = string
  nullable    = false
}

variable "services" {
  description = "Cloud Run services of the functions: function => name."
  type        = map(string)
  nullable    = false
}
