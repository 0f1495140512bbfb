module "logs" {
  source     = "./modules/logs"
  project_id = var.project_id
  location   = local.locations.logs
  kms_key    = lookup(module.keys.at_rest, "logs", null)
  locked     = var.protection.lock_logs
  readers    = var.log_readers

  retention_days = local.retention.log_days
  applications   = [for email in values(module.functions.emails) : "serviceAccount:${email}"]
  fixed_location = var.fixed_logs_location

  runner_project_id = try(var.runner_project.id, null)
}

module "watch" {
  source         = "./modules/watch"
  project_id     = var.project_id
  project_number = var.project_number
  domain         = local.domain
  front          = local.is_trial ? "front" : null
  alerts         = var.alerts
  budget         = var.budget
  functions      = { for name, function in local.functions : name => function.visibility }
  labels         = local.labels
  thresholds     = var.thresholds
  health_alert   = var.health_alert

  executions_bucket     = var.runner_project == null ? null : module.logs.buckets.executions
  runner_project_number = try(var.runner_project.number, null)

  deployers        = var.deployer == null ? [] : [var.deployer]
  operator_account = local.first_operator

  streaming_functions = [
    for name, function in local.functions : name if anytrue(function.routes[*].streams)
  ]
}

module "policies" {
  source          = "./modules/policies"
  project_id      = var.project_id
  enabled         = var.organization_policies
  public_services = local.is_trial
}
