# Who deploys from a workflow: it hands the accounts made here to functions, jobs and Scheduler, and
# may act as no other. A person who deploys has that right by other means.
variable "deployer" {
  description = <<-EOT
    Address of the account that workflows deploy as: the output `deploy_account` of the bootstrap
    root. Null where persons alone deploy.
  EOT
  type        = string
  default     = null

  validation {
    condition = var.deployer == null ? true : can(
      regex("^[a-z0-9-]+@[a-z0-9-]+\\.iam\\.gserviceaccount\\.com$", var.deployer)
    )
    error_message = "Set deployer to a service account's address, or leave it out."
  }
}

locals {
  deployer = var.deployer == null ? null : "serviceAccount:${var.deployer}"

  deployer_accounts = [
    for address in var.deployer == null ? [] : [var.deployer] : {
      account  = address
      reason   = "hands these accounts to the services, jobs and calls it deploys"
      resource = "each account of a function, the runner and Scheduler"
      role     = "roles/iam.serviceAccountUser"
    }
  ]
}
