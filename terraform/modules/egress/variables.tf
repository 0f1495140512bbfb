variable "cidrs" {
  description = "Address ranges of the functions' subnets; each instance takes up to four addresses."
  type = object({
    google_cidr    = string
    providers_cidr = string
  })
  nullable = false
}

variable "labels" {
  description = "Labels of what can have labels."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "project_id" {
  description = "Project of the functions."
  type        = string
  nullable    = false
}

variable "provider_hosts" {
  description = "Hosts of the providers of models, such as api.anthropic.com; none closes that way."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "region" {
  description = "Region of the functions."
  type        = string
  nullable    = false
}
