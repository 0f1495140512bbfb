output "dns_authorization_record" {
  description = "Record (name, type, data) that proves the gateways' name to be ours; null without a balancer."
  value       = one(google_certificate_manager_dns_authorization.gateways[*].dns_resource_record[0])
}

output "gateway_url" {
  description = "Where runners find the gateways."
  value       = "https://${var.gateway_domain}"
  depends_on  = [google_dns_record_set.gateways]
}

output "network" {
  description = "Id of the runners' network."
  value       = google_compute_network.default.id
}

output "subnets" {
  description = "Subnet and network tag of each network mode."
  value = {
    for mode, subnet in local.subnets : mode => {
      id  = local.runner_subnets[mode]
      tag = subnet.tag
    }
  }
}
