output "address" {
  description = "Address that the domain's A record names."
  value       = google_compute_global_address.default.address
}

output "dns_authorization_record" {
  description = "Record (name, type, data) that proves the domain to be ours and stays in its zone."
  value       = google_certificate_manager_dns_authorization.default.dns_resource_record[0]
}

output "url" {
  description = "Where clients find the API."
  value       = "https://${var.domain}"
}
