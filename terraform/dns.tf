locals {
  _zones = var.dns_zone == null ? [] : [var.dns_zone]
  proofs = local.is_trial ? {} : {
    edge     = module.edge[0].dns_authorization_record
    gateways = module.network.dns_authorization_record
  }
}

resource "google_dns_record_set" "edge" {
  for_each     = toset(local._zones)
  project      = var.project_id
  managed_zone = each.value
  name         = "${var.domain}."
  type         = "A"
  ttl          = 300
  rrdatas      = module.edge[*].address
}

# They prove the names to be ours, each time a certificate is renewed.
resource "google_dns_record_set" "proofs" {
  for_each     = { for name, record in local.proofs : name => record if var.dns_zone != null }
  project      = var.project_id
  managed_zone = var.dns_zone
  name         = each.value.name
  type         = each.value.type
  ttl          = 300
  rrdatas      = [each.value.data]
}
