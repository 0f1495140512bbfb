# Mails alone: nothing is stopped by it, and a day's cost is known hours later.
resource "google_billing_budget" "default" {
  count           = var.budget == null ? 0 : 1
  billing_account = var.budget.billing_account
  display_name    = "paddock in ${var.project_id}"

  budget_filter {
    projects = [
      for number in compact([var.project_number, var.runner_project_number]) : "projects/${number}"
    ]
    calendar_period = "MONTH"
  }

  amount {
    specified_amount {
      currency_code = "USD"
      units         = tostring(floor(var.budget.monthly_usd))
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1]
    content {
      threshold_percent = threshold_rules.value
    }
  }

  threshold_rules {
    threshold_percent = 1.2
    spend_basis       = "FORECASTED_SPEND"
  }

  # A budget tells five channels at most, and only mail addresses.
  all_updates_rule {
    monitoring_notification_channels = slice(
      values(google_monitoring_notification_channel.email)[*].id,
      0, min(5, length(var.alerts.emails)),
    )
  }

  lifecycle {
    precondition {
      condition     = var.project_number != null
      error_message = "A budget knows the project by its number: set project_number too."
    }
  }
}
