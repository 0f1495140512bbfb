locals {
  # Direct VPC egress itself breaks under a denial of priority 1000 or less, so all are above it.
  priority = { gateway = 1100, special = 1200, leave = 1300, deny = 65000 }

  # Private, shared, loopback, link-local, documentation, multicast and reserved ranges.
  special_ranges = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
  ]

  # Google's private ways to its APIs, and Cloud Run's services, which take a call from a network of
  # their own project as internal; the proxy refuses the same (runner/egress/platform.ts).
  platform_ranges = concat(
    ["199.36.153.4/30", "199.36.153.8/30"],
    var.gateways_project_id == var.project_id ? [local.run_range] : [],
  )

  # Every service of Cloud Run that a network reaches through Private Google Access.
  run_range       = "34.143.72.0/21"
  gateways_ranges = var.balanced ? ["${local.gateways_address}/32"] : [local.run_range]

  _leaving_tags = [for subnet in local.subnets : subnet.tag if subnet.leaves]
}

# No rule logs: Google doesn't log firewall rules for Direct VPC egress. What an execution tried is in
# its own list of attempts, and flow logs of the subnets tell what left.
resource "google_compute_firewall" "deny_egress" {
  project            = var.project_id
  name               = "runners-deny-egress"
  description        = "Nothing leaves but what another rule names."
  network            = google_compute_network.default.id
  direction          = "EGRESS"
  priority           = local.priority.deny
  destination_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

resource "google_compute_firewall" "deny_ingress" {
  project       = var.project_id
  name          = "runners-deny-ingress"
  description   = "No container reaches another."
  network       = google_compute_network.default.id
  direction     = "INGRESS"
  priority      = local.priority.deny
  source_ranges = ["0.0.0.0/0"]

  deny {
    protocol = "all"
  }
}

# Names are resolved by the network's own resolver, which firewall rules don't stand before.
resource "google_compute_firewall" "gateways" {
  project            = var.project_id
  name               = "runners-to-gateways"
  description        = "Every runner reaches the gateways."
  network            = google_compute_network.default.id
  direction          = "EGRESS"
  priority           = local.priority.gateway
  destination_ranges = local.gateways_ranges
  target_tags        = [for subnet in local.subnets : subnet.tag]

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "deny_special" {
  project            = var.project_id
  name               = "runners-deny-private"
  description        = "What may leave reaches public addresses only."
  network            = google_compute_network.default.id
  direction          = "EGRESS"
  priority           = local.priority.special
  destination_ranges = concat(local.special_ranges, local.platform_ranges)
  target_tags        = local._leaving_tags

  deny {
    protocol = "all"
  }
}

# By host and port it is the supervisor's proxy that decides, which alone has this network.
resource "google_compute_firewall" "leave" {
  project            = var.project_id
  name               = "runners-to-internet"
  description        = "Executions whose environment allows hosts reach public addresses."
  network            = google_compute_network.default.id
  direction          = "EGRESS"
  priority           = local.priority.leave
  destination_ranges = ["0.0.0.0/0"]
  target_tags        = local._leaving_tags

  allow {
    protocol = "tcp"
  }
}
