# Accounts that build, plan and deploy. None runs anything of the product, and none has a key.
locals {
  accounts = merge(
    { build = "Builds the images" },
    { for name, workflow in local.workflows : name => workflow.description },
  )
}

resource "google_service_account" "default" {
  for_each = local.accounts

  project      = var.project_id
  account_id   = "paddock-${each.key}"
  display_name = each.value

  depends_on = [google_project_service.default]
}

# Google's own default accounts come with broad roles, and nothing here runs as one of them. They stay
# disabled when this root goes.
resource "google_project_default_service_accounts" "default" {
  project        = var.project_id
  action         = "DISABLE"
  restore_policy = "NONE"

  depends_on = [google_project_service.default]
}

resource "google_project_iam_custom_role" "default" {
  for_each = local.custom_roles

  project     = var.project_id
  role_id     = each.key
  title       = each.value.title
  description = each.value.reason
  permissions = each.value.permissions

  depends_on = [google_project_service.default]
}

resource "google_project_iam_member" "default" {
  for_each = local.on_project

  project = var.project_id
  role    = try(google_project_iam_custom_role.default[each.value.role].id, each.value.role)
  member  = google_service_account.default[each.value.account].member

  dynamic "condition" {
    for_each = each.value.condition == null ? [] : [each.value.condition]

    content {
      title       = condition.value.title
      description = each.value.reason
      expression  = condition.value.expression
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "default" {
  for_each = local.on_registry

  project    = var.project_id
  location   = google_artifact_registry_repository.default.location
  repository = google_artifact_registry_repository.default.name
  role       = each.value.role
  member     = google_service_account.default[each.value.account].member
}

# The whole policy of each bucket: Google opens a new one to editors and viewers of the project too.
# Its owners keep theirs, because they apply this root and keep its state there.
resource "google_storage_bucket_iam_policy" "default" {
  for_each    = local.bucket_bindings
  bucket      = local.buckets[each.key]
  policy_data = jsonencode({ bindings = each.value })

  depends_on = [google_service_account.default]
}

resource "google_secret_manager_secret_iam_member" "default" {
  for_each = local.on_secrets

  project   = var.project_id
  secret_id = google_secret_manager_secret.default[each.value.secret].secret_id
  role      = google_project_iam_custom_role.default[each.value.role].id
  member    = google_service_account.default[each.value.account].member
}

# Builds are submitted by one account and run as another. The functions' accounts don't exist yet;
# the main root lets the deploying account act as each of those alone.
resource "google_service_account_iam_member" "acts_as_build" {
  for_each = var.github == null ? {} : { deploy = "Submits builds that run as the build's account" }

  service_account_id = google_service_account.default["build"].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.default[each.key].member
}
