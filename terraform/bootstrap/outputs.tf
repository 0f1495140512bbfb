output "accounts" {
  description = "Every account of this root, its roles, on what, and why."
  value = concat(
    [for grant in local.on_project : merge(grant, { on = "project" })],
    [for grant in local.on_registry : merge(grant, { on = "registry", condition = null })],
    [for grant in local.on_buckets : merge(grant, { on = "bucket ${grant.on}" })],
    [
      for grant in local.on_secrets : {
        account = grant.account, role = grant.role, reason = grant.reason
        on      = "secret ${grant.secret}", condition = null
      }
    ],
    [
      for account, _ in google_service_account_iam_member.acts_as_build : {
        account = account, role = "roles/iam.serviceAccountUser", on = "account build"
        reason  = "Submits builds that run as the build's account", condition = null
      }
    ],
  )
}

output "build_account" {
  description = "Address of the account that builds run as."
  value       = google_service_account.default["build"].email
}

output "build_bucket" {
  description = "Bucket for sources on their way to Cloud Build, without gs://."
  value       = google_storage_bucket.build.name
}

output "deploy_account" {
  description = "The account that the deploy workflow acts as; null without a repository."
  value       = try(google_service_account.default["deploy"].email, null)
}

output "plan_account" {
  description = "The account that the plan workflow acts as; null without a repository."
  value       = try(google_service_account.default["plan"].email, null)
}

output "registry" {
  description = "Where images go: HOST/PROJECT/REPOSITORY."
  value       = google_artifact_registry_repository.default.registry_uri

  # The account that pushes needs the right to push as well.
  depends_on = [google_artifact_registry_repository_iam_member.default]
}

output "runner_project" {
  description = "The runners' own project, by id and number; null without one."
  value = try({
    id     = google_project.runner["runner"].project_id
    number = google_project.runner["runner"].number
  }, null)

  # Its Cloud Run must be able to read the images.
  depends_on = [google_artifact_registry_repository_iam_member.runner]
}

output "secrets" {
  description = "Ids of the secrets, by what they are for."
  value       = { for name, it in google_secret_manager_secret.default : name => it.secret_id }
}

output "services" {
  description = "Services that are enabled."
  value       = [for service in google_project_service.default : service.service]
}

output "state_bucket" {
  description = "Bucket for Terraform's state, without gs://."
  value       = google_storage_bucket.state.name
}

output "workload_identity_providers" {
  description = "What `google-github-actions/auth` is told, by workflow."
  value = {
    for name, provider in google_iam_workload_identity_pool_provider.default : name => provider.name
  }
}
