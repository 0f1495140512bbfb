locals {
  _of_kind = {
    for kind in ["wrap", "sign"] : kind => {
      for purpose, stated in var.purposes : purpose => stated if stated == kind
    }
  }

  ring = "projects/${var.project_id}/locations/${var.location}/keyRings/${var.name}"

  _destroy_after    = "${var.destroy_after_days * 86400}s"
  _deletion_policy  = var.protected ? "PREVENT" : "DELETE"
  _protection_level = var.hsm ? "HSM" : "SOFTWARE"
}

resource "google_kms_key_ring" "default" {
  project  = var.project_id
  name     = var.name
  location = var.location
}

# Nobody is granted anything on these here: wrapping and unwrapping go to different accounts, by
# what each function declares.
resource "google_kms_crypto_key" "wrap" {
  for_each                   = local._of_kind.wrap
  name                       = each.key
  key_ring                   = google_kms_key_ring.default.id
  purpose                    = "ENCRYPT_DECRYPT"
  rotation_period            = "${var.rotation_days * 86400}s"
  destroy_scheduled_duration = local._destroy_after
  deletion_policy            = local._deletion_policy
  labels                     = var.labels

  version_template {
    algorithm        = "GOOGLE_SYMMETRIC_ENCRYPTION"
    protection_level = local._protection_level
  }
}

resource "google_kms_crypto_key" "sign" {
  for_each                   = local._of_kind.sign
  name                       = each.key
  key_ring                   = google_kms_key_ring.default.id
  purpose                    = "ASYMMETRIC_SIGN"
  destroy_scheduled_duration = local._destroy_after
  deletion_policy            = local._deletion_policy
  labels                     = var.labels

  # Checkpoints are notes that Ed25519 signs. Hardware modules don't offer it.
  version_template {
    algorithm        = "EC_SIGN_ED25519"
    protection_level = "SOFTWARE"
  }
}
