# There was always a balancer, until a trial could do without.
moved {
  from = google_compute_address.gateways
  to   = google_compute_address.gateways[0]
}

moved {
  from = google_compute_region_url_map.gateways
  to   = google_compute_region_url_map.gateways[0]
}

moved {
  from = google_compute_region_ssl_policy.gateways
  to   = google_compute_region_ssl_policy.gateways[0]
}

moved {
  from = google_compute_region_target_https_proxy.gateways
  to   = google_compute_region_target_https_proxy.gateways[0]
}

moved {
  from = google_compute_forwarding_rule.gateways
  to   = google_compute_forwarding_rule.gateways[0]
}

moved {
  from = google_certificate_manager_dns_authorization.gateways
  to   = google_certificate_manager_dns_authorization.gateways[0]
}

moved {
  from = google_certificate_manager_certificate.gateways
  to   = google_certificate_manager_certificate.gateways[0]
}

moved {
  from = google_dns_managed_zone.gateways
  to   = google_dns_managed_zone.gateways[0]
}

moved {
  from = google_dns_record_set.gateways
  to   = google_dns_record_set.gateways[0]
}

moved {
  from = google_compute_subnetwork.gateways
  to   = google_compute_subnetwork.gateways[0]
}

moved {
  from = google_compute_subnetwork.proxies
  to   = google_compute_subnetwork.proxies[0]
}
