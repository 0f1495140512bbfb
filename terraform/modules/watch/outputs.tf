output "channels" {
  description = "Ids of the notification channels."
  value       = local.channels
}

output "dashboard" {
  description = "Id of the dashboard."
  value       = google_monitoring_dashboard.default.id
}
