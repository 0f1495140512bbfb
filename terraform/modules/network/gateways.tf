module "routes" {
  source    = "../routes"
  functions = var.gateways
}

locals {
  # Written out, and so known before anything exists: a plan then shows which path leads to which
  # gateway.
  gateway_backends = {
    for name, backend in google_compute_region_backend_service.gateways :
    name => "projects/${backend.project}/regions/${backend.region}/backendServices/${backend.name}"
  }
}

# Chosen rather than given, so that the firewall's rule can be read before anything exists.
resource "google_compute_address" "gateways" {
  count        = local.balancers
  project      = var.gateways_project_id
  region       = var.region
  name         = "gateways"
  description  = "The one address that every runner reaches."
  address_type = "INTERNAL"
  address      = cidrhost(var.cidrs.gateways_cidr, 2)
  purpose      = "GCE_ENDPOINT"
  subnetwork   = google_compute_subnetwork.gateways[0].id
}

resource "google_compute_region_network_endpoint_group" "gateways" {
  for_each              = var.gateways
  project               = var.gateways_project_id
  region                = var.region
  name                  = "gateway-${each.key}"
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = var.services[each.key]
  }
}

resource "google_compute_region_backend_service" "gateways" {
  for_each              = var.gateways
  project               = var.gateways_project_id
  region                = var.region
  name                  = "gateway-${each.key}"
  load_balancing_scheme = "INTERNAL_MANAGED"
  protocol              = "HTTPS"

  backend {
    balancing_mode  = "UTILIZATION"
    capacity_scaler = 1
    group           = google_compute_region_network_endpoint_group.gateways[each.key].id
  }

  log_config {
    enable      = true
    sample_rate = 1
  }
}

resource "google_compute_region_url_map" "gateways" {
  count           = local.balancers
  project         = var.gateways_project_id
  region          = var.region
  name            = "gateways"
  default_service = local.gateway_backends[keys(var.gateways)[0]]

  host_rule {
    hosts        = [var.gateway_domain]
    path_matcher = "gateways"
  }

  path_matcher {
    name            = "gateways"
    default_service = local.gateway_backends[keys(var.gateways)[0]]

    dynamic "route_rules" {
      for_each = module.routes.rules

      content {
        priority = route_rules.key + 1
        service  = local.gateway_backends[route_rules.value.function]

        dynamic "match_rules" {
          for_each = route_rules.value.matches

          content {
            full_path_match     = match_rules.value.full
            path_template_match = match_rules.value.template
            prefix_match        = match_rules.value.prefix
          }
        }
      }
    }
  }
}

resource "google_compute_region_ssl_policy" "gateways" {
  count           = local.balancers
  project         = var.gateways_project_id
  region          = var.region
  name            = "gateways"
  profile         = "RESTRICTED"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_region_target_https_proxy" "gateways" {
  count                            = local.balancers
  project                          = var.gateways_project_id
  region                           = var.region
  name                             = "gateways"
  url_map                          = google_compute_region_url_map.gateways[0].id
  ssl_policy                       = google_compute_region_ssl_policy.gateways[0].id
  certificate_manager_certificates = [google_certificate_manager_certificate.gateways[0].id]
}

resource "google_compute_forwarding_rule" "gateways" {
  count                 = local.balancers
  project               = var.gateways_project_id
  region                = var.region
  name                  = "gateways"
  load_balancing_scheme = "INTERNAL_MANAGED"
  allow_global_access   = false
  ip_address            = google_compute_address.gateways[0].id
  ip_protocol           = "TCP"
  port_range            = "443"
  network               = local.gateways_network
  subnetwork            = google_compute_subnetwork.gateways[0].id
  target                = google_compute_region_target_https_proxy.gateways[0].id
  labels                = var.labels

  depends_on = [google_compute_subnetwork.proxies]
}
