locals {
  # Which functions may reach what: Google's APIs alone, or the providers of models too.
  classes = {
    google    = { cidr = var.cidrs.google_cidr }
    providers = { cidr = var.cidrs.providers_cidr }
  }

  # private.googleapis.com: every API of Google's, and nothing of the internet.
  google_range     = "199.36.153.8/30"
  google_addresses = [for host in range(4) : cidrhost(local.google_range, host)]
}

# Made for functions that hold what others may not have: what leaves from here is named below.
resource "google_compute_network" "default" {
  project                 = var.project_id
  name                    = "functions"
  description             = "What functions that open secrets can reach."
  auto_create_subnetworks = false
  routing_mode            = "REGIONAL"
}

resource "google_compute_subnetwork" "default" {
  for_each                 = local.classes
  project                  = var.project_id
  region                   = var.region
  name                     = "functions-${each.key}"
  description              = "Functions that reach ${each.key}."
  network                  = google_compute_network.default.id
  ip_cidr_range            = each.value.cidr
  private_ip_google_access = true
}

# A policy rather than rules of the network: it knows providers by name, and it can't be half there.
resource "google_compute_network_firewall_policy" "default" {
  project     = var.project_id
  name        = "functions-egress"
  description = "What functions that open secrets can reach."
}

locals {
  # Direct VPC egress itself breaks under a denial of priority 1000 or less.
  _rules = {
    google = {
      name        = "google-apis"
      description = "Google's APIs, at their private address."
      action      = "allow"
      priority    = 1100
      from        = null
      to_ranges   = [local.google_range]
      to_names    = null
      protocol    = "tcp"
      ports       = ["443"]
    }
    providers = {
      name        = "providers"
      description = "Providers of models, for the gateway that calls them."
      action      = "allow"
      priority    = 1200
      from        = [var.cidrs.providers_cidr]
      to_ranges   = null
      to_names    = var.provider_hosts
      protocol    = "tcp"
      ports       = ["443"]
    }
    deny = {
      name        = "nothing-else"
      description = "Nothing leaves but what another rule names."
      action      = "deny"
      priority    = 65000
      from        = null
      to_ranges   = ["0.0.0.0/0"]
      to_names    = null
      protocol    = "all"
      ports       = null
    }
  }

  # Without a provider there is nobody to name.
  leaves = length(var.provider_hosts) > 0
  rules  = { for name, rule in local._rules : name => rule if name != "providers" || local.leaves }
}

resource "google_compute_network_firewall_policy_rule" "default" {
  for_each        = local.rules
  project         = var.project_id
  firewall_policy = google_compute_network_firewall_policy.default.name
  rule_name       = each.value.name
  description     = each.value.description
  direction       = "EGRESS"
  action          = each.value.action
  priority        = each.value.priority

  match {
    src_ip_ranges  = each.value.from
    dest_ip_ranges = each.value.to_ranges
    dest_fqdns     = each.value.to_names

    layer4_configs {
      ip_protocol = each.value.protocol
      ports       = each.value.ports
    }
  }
}

moved {
  from = google_compute_network_firewall_policy_rule.google
  to   = google_compute_network_firewall_policy_rule.default["google"]
}

moved {
  from = google_compute_network_firewall_policy_rule.providers["providers"]
  to   = google_compute_network_firewall_policy_rule.default["providers"]
}

moved {
  from = google_compute_network_firewall_policy_rule.deny
  to   = google_compute_network_firewall_policy_rule.default["deny"]
}

resource "google_compute_network_firewall_policy_association" "default" {
  project           = var.project_id
  name              = "functions"
  attachment_target = google_compute_network.default.id
  firewall_policy   = google_compute_network_firewall_policy.default.name

  depends_on = [google_compute_network_firewall_policy_rule.default]
}

resource "google_compute_router" "default" {
  for_each = local.leaves ? { providers = "functions" } : {}
  project  = var.project_id
  region   = var.region
  name     = each.value
  network  = google_compute_network.default.id
}

resource "google_compute_router_nat" "default" {
  for_each                           = google_compute_router.default
  project                            = var.project_id
  region                             = var.region
  router                             = each.value.name
  name                               = "functions"
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"

  subnetwork {
    name                    = google_compute_subnetwork.default["providers"].id
    source_ip_ranges_to_nat = ["PRIMARY_IP_RANGE"]
  }
}

# In this network every API of Google's has the one address that the policy lets through.
resource "google_dns_managed_zone" "default" {
  project     = var.project_id
  name        = "google-apis"
  description = "Google's APIs at their private address."
  dns_name    = "googleapis.com."
  visibility  = "private"
  labels      = var.labels

  private_visibility_config {
    networks {
      network_url = google_compute_network.default.id
    }
  }
}

resource "google_dns_record_set" "address" {
  project      = var.project_id
  managed_zone = google_dns_managed_zone.default.name
  name         = "private.googleapis.com."
  type         = "A"
  ttl          = 300
  rrdatas      = local.google_addresses
}

resource "google_dns_record_set" "names" {
  project      = var.project_id
  managed_zone = google_dns_managed_zone.default.name
  name         = "*.googleapis.com."
  type         = "CNAME"
  ttl          = 300
  rrdatas      = [google_dns_record_set.address.name]
}
