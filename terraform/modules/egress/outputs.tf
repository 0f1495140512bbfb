output "network" {
  description = "Id of the functions' network, once nothing leaves it but what is named."
  value       = local.network

  depends_on = [
    google_compute_network_firewall_policy_association.default,
    google_compute_network_firewall_policy_rule.default,
    google_dns_record_set.names,
  ]
}

output "subnets" {
  description = "Subnets by what functions in them reach: `google`, `providers` => id."
  value = {
    for class, subnet in google_compute_subnetwork.default :
    class => "${local._regional}/subnetworks/${subnet.name}"
  }
}
