# Where runners have a project of their own, nothing of it reaches the gateways' network: one endpoint
# in the runners' network stands for their load balancer, and takes connections one way only.
resource "google_compute_network" "gateways" {
  for_each                = local._apart
  project                 = var.gateways_project_id
  name                    = "gateways"
  description             = "The gateways' load balancer, for runners in their own project."
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

resource "google_compute_subnetwork" "publish" {
  for_each      = local._apart
  project       = var.gateways_project_id
  region        = var.region
  name          = "gateways-publish"
  description   = "Addresses that runners' connections come from."
  network       = local.gateways_network
  ip_cidr_range = var.cidrs.publish_cidr
  purpose       = "PRIVATE_SERVICE_CONNECT"
}

resource "google_compute_service_attachment" "gateways" {
  for_each              = local._apart
  project               = var.gateways_project_id
  region                = var.region
  name                  = "gateways"
  description           = "The runners' project alone may connect, once."
  connection_preference = "ACCEPT_MANUAL"
  enable_proxy_protocol = false
  nat_subnets           = [google_compute_subnetwork.publish[each.key].id]
  target_service        = google_compute_forwarding_rule.gateways[0].id

  consumer_accept_lists {
    connection_limit  = 1
    project_id_or_num = each.value
  }
}

resource "google_compute_subnetwork" "endpoint" {
  for_each                 = local._apart
  project                  = var.project_id
  region                   = var.region
  name                     = "gateways"
  description              = "The address that stands for the gateways."
  network                  = google_compute_network.default.id
  ip_cidr_range            = var.cidrs.gateways_cidr
  private_ip_google_access = false
}

resource "google_compute_address" "endpoint" {
  for_each     = local._apart
  project      = var.project_id
  region       = var.region
  name         = "gateways"
  description  = "The one address that every runner reaches."
  address_type = "INTERNAL"
  address      = cidrhost(var.cidrs.gateways_cidr, 2)
  subnetwork   = google_compute_subnetwork.endpoint[each.key].id
}

resource "google_compute_forwarding_rule" "endpoint" {
  for_each              = local._apart
  project               = var.project_id
  region                = var.region
  name                  = "gateways"
  load_balancing_scheme = ""
  ip_address            = google_compute_address.endpoint[each.key].id
  network               = google_compute_network.default.id
  target                = google_compute_service_attachment.gateways[each.key].id
  labels                = var.labels
}

locals {
  gateways_address = join("", concat(
    [for address in values(google_compute_address.endpoint) : address.address],
    length(local._apart) == 0 ? google_compute_address.gateways[*].address : [],
  ))
}
