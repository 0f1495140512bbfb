locals {
  # Written out, and so known before anything exists: a plan then shows which path leads to which
  # function, and tests read it.
  backends = {
    for name, backend in google_compute_backend_service.default :
    name => "projects/${backend.project}/global/backendServices/${backend.name}"
  }

  # As shared/pipeline/headers.ts; for the answers that a backend's own are lost from.
  response_headers = [
    "Strict-Transport-Security: max-age=63072000; includeSubDomains; preload",
    "X-Content-Type-Options: nosniff",
    "X-Frame-Options: DENY",
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy: no-referrer",
    "Cross-Origin-Resource-Policy: same-origin",
  ]
}

resource "google_compute_global_address" "default" {
  project     = var.project_id
  name        = "edge"
  description = "What the domain points to."
  labels      = var.labels
}

resource "google_compute_region_network_endpoint_group" "default" {
  for_each              = var.functions
  project               = var.project_id
  region                = var.region
  name                  = "edge-${each.key}"
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = var.services[each.key]
  }
}

# Time-outs are the services' own: a serverless backend takes none.
resource "google_compute_backend_service" "default" {
  for_each                = var.functions
  project                 = var.project_id
  name                    = "edge-${each.key}"
  load_balancing_scheme   = "EXTERNAL_MANAGED"
  protocol                = "HTTPS"
  enable_cdn              = false
  custom_response_headers = local.response_headers
  security_policy         = google_compute_security_policy.default.id

  backend {
    group = google_compute_region_network_endpoint_group.default[each.key].id
  }

  log_config {
    enable      = true
    sample_rate = 1
  }
}

resource "google_compute_target_https_proxy" "default" {
  project    = var.project_id
  name       = "edge"
  url_map    = google_compute_url_map.default.id
  ssl_policy = google_compute_ssl_policy.default.id
  certificate_map = format(
    "//certificatemanager.googleapis.com/%s",
    google_certificate_manager_certificate_map.default.id,
  )
  quic_override = "NONE"
  # A request that is sent before the handshake ends could be sent again by somebody else.
  tls_early_data = "DISABLED"
}

# The only port: a client that speaks plain HTTP finds nobody to tell its key to.
resource "google_compute_global_forwarding_rule" "default" {
  project               = var.project_id
  name                  = "edge"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.default.id
  ip_protocol           = "TCP"
  port_range            = "443"
  target                = google_compute_target_https_proxy.default.id
  labels                = var.labels
}
