locals {
  # The classes of logs, and whose retention nobody may shorten.
  buckets = {
    executions = { locked = false, holds = "what runner jobs print" }
    access     = { locked = var.locked, holds = "requests and the platform" }
    audit      = { locked = var.locked, holds = "who did what" }
  }
}

resource "google_logging_project_bucket_config" "default" {
  for_each       = local.buckets
  project        = var.project_id
  location       = var.location
  bucket_id      = "paddock-${each.key}"
  description    = "${each.value.holds}, for ${var.retention_days[each.key]} days"
  retention_days = var.retention_days[each.key]
  locked         = each.value.locked

  dynamic "cmek_settings" {
    for_each = var.kms_key == null ? [] : [var.kms_key]
    content {
      kms_key_name = cmek_settings.value
    }
  }
}

# The bucket whose place Google fixes with the project: nothing is sent there any more, and what
# arrived before the first apply is gone a day later. (_Required, with what administrators did, can
# be neither moved nor emptied; an organisation's settings place it before the project is made.)
resource "google_logging_project_bucket_config" "fixed" {
  project        = var.project_id
  location       = var.fixed_location
  bucket_id      = "_Default"
  description    = "empty: nothing is sent here"
  retention_days = var.retention_days._Default
}
