# The second wall for names; the first is the supervisor's proxy, which asks before it connects. What
# answers under these isn't the internet: Google's private ways to its APIs, and containers, among
# them those of this very project. They resolve to an address that nothing has. The metadata server's
# name isn't here, because the supervisor itself asks that server.
locals {
  refused_names = merge(
    {
      private    = "private.googleapis.com."
      restricted = "restricted.googleapis.com."
    },
    # Where the gateways have a name of Cloud Run's, runners have to resolve it.
    var.balanced ? { run = "*.run.app." } : {},
  )
}

resource "google_dns_response_policy" "default" {
  project              = var.project_id
  response_policy_name = "runners"
  description          = "Names that no execution may resolve."

  networks {
    network_url = google_compute_network.default.id
  }
}

resource "google_dns_response_policy_rule" "default" {
  for_each        = local.refused_names
  project         = var.project_id
  response_policy = google_dns_response_policy.default.response_policy_name
  rule_name       = each.key
  dns_name        = each.value

  local_data {
    local_datas {
      name    = each.value
      type    = "A"
      ttl     = 300
      rrdatas = ["0.0.0.0"]
    }
  }
}
