resource "google_compute_router" "default" {
  project = var.project_id
  region  = var.region
  name    = "runners"
  network = google_compute_network.default.id
}

# Only for the modes that may leave: it delays a container's start, and is a way out.
resource "google_compute_router_nat" "default" {
  project                             = var.project_id
  region                              = var.region
  router                              = google_compute_router.default.name
  name                                = "runners"
  nat_ip_allocate_option              = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat  = "LIST_OF_SUBNETWORKS"
  enable_dynamic_port_allocation      = true
  enable_endpoint_independent_mapping = false
  min_ports_per_vm                    = 64
  max_ports_per_vm                    = 1024

  dynamic "subnetwork" {
    for_each = { for mode, subnet in local.subnets : mode => subnet if subnet.leaves }

    content {
      name                    = local.runner_subnets[subnetwork.key]
      source_ip_ranges_to_nat = ["PRIMARY_IP_RANGE"]
    }
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}
