locals {
  _prefix  = coalesce(var.prefix, var.project_id)
  _day     = 86400
  location = upper(var.location)

  buckets = {
    # Objects are named by the hash of what they hold, so nothing is overwritten; what is deleted
    # can be restored for a while, in which neither a function nor a thief can hurry its end.
    workspaces = {
      class               = "STANDARD"
      versioned           = true
      retention_days      = 0
      locked              = false
      delete_after_days   = null
      soft_delete_seconds = var.soft_delete_days * local._day
    }
    # The signer writes each object once; nobody can change or delete it before its time.
    checkpoints = {
      class               = "STANDARD"
      versioned           = false
      retention_days      = var.checkpoint_retention_days
      locked              = var.locked
      delete_after_days   = null
      soft_delete_seconds = 0
    }
    archive = {
      class               = "ARCHIVE"
      versioned           = false
      retention_days      = var.archive_retention_days
      locked              = var.locked
      delete_after_days   = var.archive_retention_days + 1
      soft_delete_seconds = 0
    }
    # One more copy of an account, which nobody needs once its owner has it.
    exports = {
      class               = "STANDARD"
      versioned           = false
      retention_days      = 0
      locked              = false
      delete_after_days   = var.export_days
      soft_delete_seconds = 0
    }
  }
}

resource "google_storage_bucket" "default" {
  for_each                    = local.buckets
  project                     = var.project_id
  name                        = "${local._prefix}-${each.key}"
  location                    = local.location
  storage_class               = each.value.class
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.protected
  labels                      = var.labels

  soft_delete_policy {
    retention_duration_seconds = each.value.soft_delete_seconds
  }

  versioning {
    enabled = each.value.versioned
  }

  dynamic "retention_policy" {
    for_each = each.value.retention_days > 0 ? [each.value] : []
    content {
      retention_period = tostring(retention_policy.value.retention_days * local._day)
      is_locked        = retention_policy.value.locked
    }
  }

  dynamic "lifecycle_rule" {
    for_each = each.value.versioned ? [var.noncurrent_days] : []
    content {
      action {
        type = "Delete"
      }
      condition {
        days_since_noncurrent_time = lifecycle_rule.value
        with_state                 = "ARCHIVED"
      }
    }
  }

  dynamic "lifecycle_rule" {
    for_each = each.value.delete_after_days == null ? [] : [each.value.delete_after_days]
    content {
      action {
        type = "Delete"
      }
      condition {
        age = lifecycle_rule.value
      }
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 1
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key == null ? [] : [var.kms_key]
    content {
      default_kms_key_name = encryption.value
    }
  }
}
