locals {
  # Streams last as long as an execution, so their latency says nothing of ours.
  _prompt = [
    for name, visibility in var.functions : name
    if visibility == "edge" && !contains(var.streaming_functions, name)
  ]

  _latencies = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "metric.type=\"run.googleapis.com/request_latencies\"",
    "resource.labels.service_name=monitoring.regex.full_match(\"${join("|", local._prompt)}\")",
  ])
}

resource "google_monitoring_custom_service" "api" {
  project      = var.project_id
  service_id   = "paddock-api"
  display_name = "API at ${var.domain}"
  user_labels  = var.labels
}

resource "google_monitoring_slo" "availability" {
  project             = var.project_id
  service             = google_monitoring_custom_service.api.service_id
  slo_id              = "availability"
  display_name        = "answers that aren't 5xx, over 28 days"
  goal                = var.objectives.availability
  rolling_period_days = 28
  user_labels         = var.labels

  request_based_sli {
    good_total_ratio {
      total_service_filter = local._requests
      bad_service_filter   = local._failed_requests
    }
  }
}

resource "google_monitoring_slo" "latency" {
  project             = var.project_id
  service             = google_monitoring_custom_service.api.service_id
  slo_id              = "latency"
  display_name        = "answers within ${var.objectives.latency_ms} ms, over 28 days"
  goal                = var.objectives.latency_share
  rolling_period_days = 28
  user_labels         = var.labels

  request_based_sli {
    distribution_cut {
      distribution_filter = local._latencies
      range {
        max = var.objectives.latency_ms
      }
    }
  }
}

# At this pace the month's allowance is gone in two days: a person must look now.
resource "google_monitoring_alert_policy" "burn" {
  for_each = {
    availability = google_monitoring_slo.availability.id
    latency      = google_monitoring_slo.latency.id
  }
  project               = var.project_id
  display_name          = "The ${each.key} objective's allowance burns fast"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels
  user_labels           = var.labels

  conditions {
    display_name = "fourteen times what the month allows, over the last hour"
    condition_threshold {
      filter          = "select_slo_burn_rate(\"${each.value}\", \"3600s\")"
      comparison      = "COMPARISON_GT"
      threshold_value = 14
      duration        = "0s"
    }
  }

  documentation {
    content = "What to do: ${var.runbook_url}#objectives"
  }
}
