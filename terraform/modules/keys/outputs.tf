output "at_rest" {
  description = "Keys that encrypt at rest: service => id, once the service's agent may use it."
  value       = { for name, key in google_kms_crypto_key.at_rest : name => key.id }
  depends_on  = [google_kms_crypto_key_iam_member.at_rest]
}

output "ids" {
  description = "Keys of the application: purpose => id. The functions module grants their use."
  value = merge(
    { for purpose, key in google_kms_crypto_key.wrap : purpose => key.id },
    { for purpose, key in google_kms_crypto_key.sign : purpose => key.id },
  )
}

output "ring" {
  description = "Id of the key ring, which the functions are told as PADDOCK_KMS_KEY_RING."
  value       = google_kms_key_ring.default.id
}
