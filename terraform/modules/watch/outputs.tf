output "channels" {
  description = "Ids of the notification channels."
  value       = local.channels
}

output "dashboard" {
  description = "Id of the dashboard."
  value       = google_monitoring_dashboard.default.id
}

output "health_alert" {
  description = "Name of the alert that nobody reaches the API."
  value       = google_monitoring_alert_policy.health.name
}
