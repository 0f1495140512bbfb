locals {
  runner_project_id = var.runner_project == null ? var.project_id : var.runner_project.id
  _runner_project   = var.runner_project == null ? {} : { runner = var.runner_project }
}

module "network" {
  source         = "./modules/network"
  project_id     = local.runner_project_id
  region         = var.region
  cidrs          = var.network
  balanced       = !local.is_trial
  gateway_domain = local.gateway_domain
  gateways       = local.is_trial ? {} : local.gateway_functions
  services       = module.functions.services
  labels         = local.labels

  gateways_project_id = var.project_id
}

module "runner" {
  source          = "./modules/runner"
  project_id      = local.runner_project_id
  region          = var.region
  attested        = var.attestation
  deployer        = local.deployer
  image           = var.images.runner
  jobs            = local.runner.jobs
  network         = module.network.network
  subnets         = module.network.subnets
  timeout_seconds = var.runner.timeout_seconds
  labels          = local.labels

  environment = {
    (local.runner.environment.gatewayAudience) = local.audiences.gateway
    (local.runner.environment.gatewayUrl)      = "https://${local.gateway_domain}"
    (local.runner.environment.ownProject)      = var.runner_project == null ? "no" : "yes"
  }
}
