locals {
  # The main database has what owners store and what backups bring back. The other has only key
  # pairs, so that destroying one is final: nothing may be able to bring it back.
  databases = {
    main = {
      name     = "(default)"
      recovery = "POINT_IN_TIME_RECOVERY_ENABLED"
    }
    keys = {
      name     = "keys"
      recovery = "POINT_IN_TIME_RECOVERY_DISABLED"
    }
  }
}

resource "google_firestore_database" "default" {
  for_each                          = local.databases
  project                           = var.project_id
  name                              = each.value.name
  location_id                       = var.location
  type                              = "FIRESTORE_NATIVE"
  database_edition                  = "STANDARD"
  concurrency_mode                  = "OPTIMISTIC"
  app_engine_integration_mode       = "DISABLED"
  point_in_time_recovery_enablement = each.value.recovery
  delete_protection_state = (
    var.protected ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  )
  deletion_policy = var.protected ? "ABANDON" : "DELETE"

  dynamic "cmek_config" {
    for_each = var.kms_key == null ? [] : [var.kms_key]
    content {
      kms_key_name = cmek_config.value
    }
  }
}
