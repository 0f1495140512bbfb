# Authorized by a DNS record, a certificate exists before the domain points here, and renews itself.
resource "google_certificate_manager_dns_authorization" "default" {
  project = var.project_id
  name    = "edge"
  domain  = var.domain
  labels  = var.labels
}

resource "google_certificate_manager_certificate" "default" {
  project = var.project_id
  name    = "edge"
  labels  = var.labels

  managed {
    domains            = [var.domain]
    dns_authorizations = [google_certificate_manager_dns_authorization.default.id]
  }
}

resource "google_certificate_manager_certificate_map" "default" {
  project = var.project_id
  name    = "edge"
  labels  = var.labels
}

resource "google_certificate_manager_certificate_map_entry" "default" {
  project      = var.project_id
  name         = "edge"
  map          = google_certificate_manager_certificate_map.default.name
  certificates = [google_certificate_manager_certificate.default.id]
  hostname     = var.domain
  labels       = var.labels
}

# RESTRICTED leaves TLS 1.2 its forward-secret AEAD suites; 1.3 is spoken with who can.
resource "google_compute_ssl_policy" "default" {
  project         = var.project_id
  name            = "edge"
  profile         = "RESTRICTED"
  min_tls_version = "TLS_1_2"
}
