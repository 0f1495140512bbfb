output "network" {
  description = "Id of the functions' network, once nothing leaves it but what is named."
  value       = google_compute_network.default.id

  depends_on = [
    google_compute_network_firewall_policy_association.default,
    google_compute_network_firewall_policy_rule.default,
    google_dns_record_set.names,
  ]
}

# Written out, so that a plan shows which function reaches what.
output "subnets" {
  description = "Subnets by what functions in them reach: `google`, `providers` => id."
  value = {
    for class, subnet in google_compute_subnetwork.default :
    class => "projects/${subnet.project}/regions/${subnet.region}/subnetworks/${subnet.name}"
  }
}
