locals {
  # None, if runners call Cloud Run's own addresses.
  balancers = var.balanced ? 1 : 0

  # The gateways stand in the functions' project: in this very network if that is the same, and else
  # behind an endpoint of Private Service Connect.
  _apart = var.gateways_project_id == var.project_id ? {} : { apart = var.project_id }
  gateways_network = one(concat(
    values(google_compute_network.gateways)[*].id,
    length(local._apart) == 0 ? [google_compute_network.default.id] : [],
  ))

  # Written out, and so known before anything exists: a plan then shows which container stands where,
  # and which subnets have a way out.
  runner_subnets = {
    for mode, subnet in google_compute_subnetwork.runners :
    mode => "projects/${subnet.project}/regions/${subnet.region}/subnetworks/${subnet.name}"
  }

  subnets = {
    allowlist = { cidr = var.cidrs.allowlist_cidr, tag = "runner-allowlist", leaves = true }
    internet  = { cidr = var.cidrs.internet_cidr, tag = "runner-internet", leaves = true }
    none      = { cidr = var.cidrs.none_cidr, tag = "runner-none", leaves = false }
  }
}

# Made for runners alone: no default firewall rules, no peers, no machines.
resource "google_compute_network" "default" {
  project                 = var.project_id
  name                    = "runners"
  description             = "What execution containers can see."
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

resource "google_compute_subnetwork" "runners" {
  for_each      = local.subnets
  project       = var.project_id
  region        = var.region
  name          = each.value.tag
  description   = "Executions whose network is ${each.key}."
  network       = google_compute_network.default.id
  ip_cidr_range = each.value.cidr
  # Google's own services would answer the account's token, though it has no role. Without a balancer
  # it is the only way to the gateways, and the firewall leaves Cloud Run of all that lies there.
  private_ip_google_access = !var.balanced

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.5
    metadata             = "EXCLUDE_ALL_METADATA"
  }
}

resource "google_compute_subnetwork" "gateways" {
  count                    = local.balancers
  project                  = var.gateways_project_id
  region                   = var.region
  name                     = "gateways"
  description              = "The address of the gateways."
  network                  = local.gateways_network
  ip_cidr_range            = var.cidrs.gateways_cidr
  private_ip_google_access = false
}

resource "google_compute_subnetwork" "proxies" {
  count         = local.balancers
  project       = var.gateways_project_id
  region        = var.region
  name          = "gateway-proxies"
  description   = "Addresses of the load balancer's own proxies."
  network       = local.gateways_network
  ip_cidr_range = var.cidrs.proxies_cidr
  purpose       = "REGIONAL_MANAGED_PROXY"
  role          = "ACTIVE"
}
