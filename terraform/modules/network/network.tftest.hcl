mock_provider "google" {}

variables {
  project_id = "acme-paddock-1"
  region     = "us-central1"

  gateways_project_id = "acme-paddock-1"
  gateway_domain      = "gateway.api.acme.example"
  services            = { model-gateway = "model-gateway", runner-gateway = "runner-gateway" }
  cidrs = {
    allowlist_cidr = "10.1.16.0/20"
    gateways_cidr  = "10.1.240.0/28"
    internet_cidr  = "10.1.32.0/20"
    none_cidr      = "10.1.0.0/20"
    proxies_cidr   = "10.1.241.0/24"
  }
  gateways = {
    model-gateway  = { routes = [{ paths = ["/model/messages"] }] }
    runner-gateway = { routes = [{ paths = ["/internal/executions/claim"] }] }
  }
}

run "two_gateways_at_one_address" {
  command = plan

  assert {
    condition     = length(google_compute_region_backend_service.gateways) == 2
    error_message = "A gateway that is added stands behind the same address."
  }

  assert {
    condition     = google_compute_address.gateways[0].address == "10.1.240.2"
    error_message = "The gateways' address lies in their subnet."
  }

  assert {
    condition = (
      join("", google_compute_firewall.gateways.destination_ranges) == "10.1.240.2/32"
    )
    error_message = "The firewall lets runners reach that address, and no neighbour of it."
  }
}

run "runners_without_a_gateway" {
  command         = plan
  expect_failures = [var.gateways]

  variables {
    gateways = {}
  }
}

run "without_a_balancer" {
  command = plan

  variables {
    balanced = false
    gateways = {}
  }

  assert {
    condition     = join("", google_compute_firewall.gateways.destination_ranges) == "34.143.72.0/21"
    error_message = "Runners then reach the addresses of Cloud Run."
  }

  assert {
    condition     = length(google_compute_region_url_map.gateways) == 0
    error_message = "Nothing of the balancer is made."
  }
}

run "a_balancer_before_nothing" {
  command         = plan
  expect_failures = [var.gateways]

  variables {
    gateways = {}
  }
}
