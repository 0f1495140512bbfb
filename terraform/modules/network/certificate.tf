# A public certificate for a name that only this network resolves: runners need no trust of ours,
# and it renews itself as long as the authorization's record stands in the public zone.
resource "google_certificate_manager_dns_authorization" "gateways" {
  count    = local.balancers
  project  = var.gateways_project_id
  location = var.region
  name     = "gateways"
  domain   = var.gateway_domain
  type     = "PER_PROJECT_RECORD"
  labels   = var.labels
}

resource "google_certificate_manager_certificate" "gateways" {
  count    = local.balancers
  project  = var.gateways_project_id
  location = var.region
  name     = "gateways"
  labels   = var.labels

  managed {
    domains            = [var.gateway_domain]
    dns_authorizations = [google_certificate_manager_dns_authorization.gateways[0].id]
  }
}

resource "google_dns_managed_zone" "gateways" {
  count       = local.balancers
  project     = var.project_id
  name        = "gateways"
  description = "The gateways' name, for runners alone."
  dns_name    = "${var.gateway_domain}."
  visibility  = "private"
  labels      = var.labels

  private_visibility_config {
    networks {
      network_url = google_compute_network.default.id
    }
  }
}

resource "google_dns_record_set" "gateways" {
  count        = local.balancers
  project      = var.project_id
  managed_zone = google_dns_managed_zone.gateways[0].name
  name         = google_dns_managed_zone.gateways[0].dns_name
  type         = "A"
  ttl          = 300
  rrdatas      = [local.gateways_address]
}
