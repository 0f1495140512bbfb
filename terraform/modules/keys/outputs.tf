# Ids are spelled out rather than read from the keys, so that a plan shows who may use which key.

output "at_rest" {
  description = "Keys that encrypt at rest: service => id, once the service's agent may use it."
  value = {
    for service in keys(var.at_rest) : service => "${local.ring}/cryptoKeys/at-rest-${service}"
  }

  depends_on = [google_kms_crypto_key_iam_member.at_rest]
}

output "ids" {
  description = "Keys of the application: purpose => id. The functions module grants their use."
  value = {
    for purpose in keys(var.purposes) : purpose => "${local.ring}/cryptoKeys/${purpose}"
  }

  depends_on = [google_kms_crypto_key.sign, google_kms_crypto_key.wrap]
}

output "ring" {
  description = "Id of the key ring, which the functions are told as PADDOCK_KMS_KEY_RING."
  value       = local.ring

  depends_on = [google_kms_key_ring.default]
}
