resource "google_kms_crypto_key" "at_rest" {
  for_each                   = var.at_rest
  name                       = "at-rest-${each.key}"
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

# Each service's agent, and nobody else: it encrypts and decrypts on the service's own behalf.
resource "google_kms_crypto_key_iam_member" "at_rest" {
  for_each      = var.at_rest
  crypto_key_id = google_kms_crypto_key.at_rest[each.key].id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value
}
