# A project of their own for tenants' containers, beside the main one. Google knows no separation of
# tenants within a project on internal ingress: this is the wall that it does know.
locals {
  _runner_project = var.runner_project == null ? {} : { runner = var.runner_project }
  _runner_services = var.runner_project == null ? {} : {
    for service in [
      "binaryauthorization.googleapis.com", "cloudresourcemanager.googleapis.com",
      "compute.googleapis.com", "dns.googleapis.com", "iam.googleapis.com",
      "logging.googleapis.com", "monitoring.googleapis.com", "orgpolicy.googleapis.com",
      "run.googleapis.com", "serviceusage.googleapis.com",
    ] : service => var.runner_project.id
  }

  # What a workflow makes there: network, jobs, their account, sinks, which images may start.
  _runner_roles = var.runner_project == null || var.github == null ? {} : {
    "roles/binaryauthorization.policyEditor"  = "Which images may start"
    "roles/compute.networkAdmin"              = "Network, subnets, the gateways' endpoint"
    "roles/compute.securityAdmin"             = "Firewall"
    "roles/dns.admin"                         = "The gateways' name"
    "roles/iam.serviceAccountAdmin"           = "The runner's account, and who may act as it"
    "roles/logging.configWriter"              = "Where its logs go"
    "roles/run.admin"                         = "Jobs, and who may start them"
    "roles/serviceusage.serviceUsageConsumer" = "Reads quotas before anything is changed"
  }
}

resource "google_project" "runner" {
  for_each = local._runner_project

  project_id          = each.value.id
  name                = "Paddock runners"
  billing_account     = each.value.billing_account
  org_id              = each.value.org_id
  folder_id           = each.value.folder_id
  auto_create_network = false
  deletion_policy     = var.protection.deletion ? "PREVENT" : "DELETE"
  labels              = var.labels
}

resource "google_project_service" "runner" {
  for_each = local._runner_services

  project            = each.value
  service            = each.key
  disable_on_destroy = false

  depends_on = [google_project.runner]
}

resource "google_project_default_service_accounts" "runner" {
  for_each = local._runner_project

  project        = each.value.id
  action         = "DISABLE"
  restore_policy = "NONE"

  depends_on = [google_project_service.runner]
}

# A role of a project can be given in that project alone, so these two stand in both.
resource "google_project_iam_custom_role" "runner" {
  for_each = var.runner_project == null ? {} : local._roles_of_functions

  project     = var.runner_project.id
  role_id     = each.key
  title       = each.value.title
  description = each.value.reason
  permissions = each.value.permissions

  depends_on = [google_project_service.runner]
}

resource "google_project_iam_member" "runner" {
  for_each = local._runner_roles

  project = var.runner_project.id
  role    = each.key
  member  = google_service_account.default["deploy"].member

  depends_on = [google_project_service.runner]
}

# Cloud Run there starts images that are stored here.
resource "google_artifact_registry_repository_iam_member" "runner" {
  for_each = google_project.runner

  project    = var.project_id
  location   = google_artifact_registry_repository.default.location
  repository = google_artifact_registry_repository.default.name
  role       = "roles/artifactregistry.reader"
  member     = "serviceAccount:service-${each.value.number}@serverless-robot-prod.iam.gserviceaccount.com"

  depends_on = [google_project_service.runner]
}

# Its metrics are seen from the main project, whose alerts watch both.
resource "google_monitoring_monitored_project" "runner" {
  for_each = local._runner_project

  metrics_scope = var.project_id
  name          = each.value.id

  depends_on = [google_project_service.runner, google_project_service.default]
}
