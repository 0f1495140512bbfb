# A public certificate for a name that only this network resolves: runners need no trust of ours,
# and it renews itself as long as the authorization's record stands in the public zone.
resource "google_certificate_manager_dns_authorization" "gateways" {
  project  = var.gateways_project_id
  location = var.region
  name     = "gateways"
  domain   = var.gateway_domain
  type     = "PER_PROJECT_RECORD"
  labels   = var.labels
}

resource "google_certificate_manager_certificate" "gateways" {
  project  = var.gateways_project_id
  location = var.region
  name     = "gateways"
  labels   = var.labels

  managed {
    domains            = [var.gateway_domain]
    dns_authorizations = [google_certificate_manager_dns_authorization.gateways.id]
  }
}

resource "google_dns_managed_zone" "gateways" {
  project     = var.project_id
  name        = "gateways"
  description = "The gateways' name, for runners alone."
  dns_name    = "${var.gateway_domain}."
  visibility  = "private"
  labels      = var.labels

  private_visibility_config {
    networks {
      network_url = local.network
    }
  }
}

resource "google_dns_record_set" "gateways" {
  project      = var.project_id
  managed_zone = google_dns_managed_zone.gateways.name
  name         = google_dns_managed_zone.gateways.dns_name
  type         = "A"
  ttl          = 300
  rrdatas      = [local.gateways_address]
}
