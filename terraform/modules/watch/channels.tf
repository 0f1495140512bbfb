resource "google_monitoring_notification_channel" "email" {
  for_each     = toset(var.alerts.emails)
  project      = var.project_id
  display_name = each.key
  type         = "email"
  labels       = { email_address = each.key }
  user_labels  = var.labels
}

resource "google_monitoring_notification_channel" "webhook" {
  for_each     = { for name, url in { pager = var.alerts.webhook } : name => url if url != null }
  project      = var.project_id
  display_name = each.key
  type         = "webhook_tokenauth"
  labels       = { url = each.value }
  user_labels  = var.labels
}

# Hears only of what clients notice. It is hosted by somebody else, so that it answers while this
# deployment doesn't.
resource "google_monitoring_notification_channel" "status_page" {
  for_each     = toset(var.alerts.status_page == null ? [] : ["page"])
  project      = var.project_id
  display_name = "status page"
  type         = startswith(var.alerts.status_page, "https://") ? "webhook_tokenauth" : "email"
  labels = (
    startswith(var.alerts.status_page, "https://")
    ? { url = var.alerts.status_page }
    : { email_address = var.alerts.status_page }
  )
  user_labels = var.labels
}

locals {
  channels = [
    for channel in concat(
      values(google_monitoring_notification_channel.email),
      values(google_monitoring_notification_channel.webhook),
    ) : channel.id
  ]
  status_channels = values(google_monitoring_notification_channel.status_page)[*].id
}
