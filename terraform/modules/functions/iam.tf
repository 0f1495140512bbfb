# What each function's service account may do. Nothing is listed here: functions/{name}/index.ts
# declares `roles`, the build writes them into dist/functions.json, role-grants.json says which
# roles of Google Cloud each of them is, and on what, and roles.tf makes `local.grants` of both.
# docs/accounts.md lists the result.

resource "google_project_iam_member" "default" {
  for_each = local.grants.database
  project  = var.project_id
  role     = each.value.role
  member   = each.value.member

  condition {
    title       = "database ${each.value.name}"
    description = each.value.reason
    expression = (
      "resource.name == \"projects/${var.project_id}/databases/${var.databases[each.value.name]}\""
    )
  }

  depends_on = [google_service_account.default]
}

resource "google_cloud_run_v2_job_iam_member" "default" {
  for_each = local.job_grants
  project  = local.runner_project_id
  location = var.region
  name     = each.value.job
  role     = each.value.role
  member   = each.value.member

  depends_on = [google_service_account.default]
}

resource "google_kms_crypto_key_iam_member" "default" {
  for_each      = local.grants.key
  crypto_key_id = var.keys[each.value.name]
  role          = each.value.role
  member        = each.value.member

  depends_on = [google_service_account.default]
}

# The whole policy of each bucket, not additions to it. Google opens a new bucket to owners, editors
# and viewers of the project ("convenience values"), who would read every object of every owner; and
# what somebody adds by hand is gone with the next deployment.
resource "google_storage_bucket_iam_policy" "default" {
  for_each    = local.bucket_bindings
  bucket      = var.buckets[each.key]
  policy_data = jsonencode({ bindings = each.value })

  depends_on = [google_service_account.default]
}

resource "google_secret_manager_secret_iam_member" "default" {
  for_each  = local.grants.secret
  project   = var.project_id
  secret_id = var.secrets[each.value.name].name
  role      = each.value.role
  member    = each.value.member

  depends_on = [google_service_account.default]
}

# The front of a function's side, and nobody else: without its token Google refuses the call.
resource "google_cloud_run_v2_service_iam_member" "front" {
  for_each = local.fronted
  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_service.default[each.key].name
  role     = "roles/run.invoker"
  member   = var.fronts.members[each.value]
}

# The view is what is granted, not the bucket: nobody sees more of it than the view's filter shows.
resource "google_logging_log_view_iam_member" "default" {
  for_each = local.grants.view
  parent   = "projects/${var.project_id}"
  location = var.log_views[each.value.name].location
  bucket   = var.log_views[each.value.name].bucket
  name     = var.log_views[each.value.name].name
  role     = each.value.role
  member   = each.value.member

  depends_on = [google_service_account.default]
}

# On the account itself, so it can sign as itself and as nobody else.
resource "google_service_account_iam_member" "signer" {
  for_each           = local.grants.account
  service_account_id = google_service_account.default[each.value.function].name
  role               = each.value.role
  member             = each.value.member
}
