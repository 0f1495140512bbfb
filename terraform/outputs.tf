output "accounts" {
  description = "Every account with every role it has: on what, and why."
  value = concat(
    module.functions.accounts,
    module.runner.accounts,
    flatten(values(module.front)[*].accounts),
    module.schedule.accounts,
    local.operator_accounts,
    local.deployer_accounts,
  )
}

output "audiences" {
  description = "Audiences of the identity tokens that operators, runners and Scheduler show."
  value       = local.audiences
}

output "dns_authorization_records" {
  description = "Records for the public zone: they prove the names to be ours, and stay there; none in a trial."
  value       = local.proofs
}

output "health_alert" {
  description = "Name of the alert that nobody reaches the API; the deploy command wakes it."
  value       = module.watch.health_alert
}

output "load_balancer_address" {
  description = "What the domain's A record has to name; null in a trial, which has no domain."
  value       = one(module.edge[*].address)
}

output "operator_account" {
  description = "Account as which the first operator acts."
  value       = local.first_operator
}

output "settings" {
  description = "What differs from the code's defaults: limits, and models on offer."
  value       = { limits = var.limits, models = var.models }

  precondition {
    condition     = length(local.unknown_limits) == 0
    error_message = "docs/limits.md knows no limit ${join(", ", local.unknown_limits)}."
  }

  precondition {
    condition     = length(local.unknown_models) == 0
    error_message = "docs/models.md knows no setting ${join(", ", local.unknown_models)}."
  }
}

output "url" {
  description = "Where clients find the API."
  value       = local.url
}
