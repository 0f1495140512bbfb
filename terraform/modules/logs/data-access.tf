locals {
  # Reading is on the record too: secrets, keys, documents, objects and the logs themselves. The
  # functions read documents and objects all day and write a trail of their own, so for these two
  # services their accounts are left out; people and whatever else has a role are not. Tokens and
  # signatures of accounts (iam) are on the record too: functions sign addresses of files all day.
  audited = {
    "cloudkms.googleapis.com"      = []
    "datastore.googleapis.com"     = var.applications
    "iam.googleapis.com"           = var.applications
    "logging.googleapis.com"       = []
    "secretmanager.googleapis.com" = []
    "storage.googleapis.com"       = var.applications
  }
}

resource "google_project_iam_audit_config" "default" {
  for_each = local.audited
  project  = var.project_id
  service  = each.key

  dynamic "audit_log_config" {
    for_each = ["ADMIN_READ", "DATA_READ", "DATA_WRITE"]
    content {
      log_type         = audit_log_config.value
      exempted_members = audit_log_config.value == "ADMIN_READ" ? [] : each.value
    }
  }
}
