locals {
  _check_id = google_monitoring_uptime_check_config.health.uptime_check_id
  # Three is the fewest Google takes; one of them that sees nothing may be cut off itself.
  _check_regions = ["USA_IOWA", "USA_OREGON", "USA_VIRGINIA"]
}

resource "google_monitoring_uptime_check_config" "health" {
  project          = var.project_id
  display_name     = "health of ${var.domain}"
  period           = "60s"
  timeout          = "10s"
  selected_regions = local._check_regions
  user_labels      = var.labels

  http_check {
    path           = "/v1/health"
    port           = 443
    request_method = "GET"
    use_ssl        = true
    validate_ssl   = true

    accepted_response_status_codes {
      status_value = 200
    }
  }

  content_matchers {
    content = "healthy"
    matcher = "MATCHES_JSON_PATH"
    json_path_matcher {
      json_path    = "$.status"
      json_matcher = "EXACT_MATCH"
    }
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project_id
      host       = var.domain
    }
  }
}

resource "google_monitoring_alert_policy" "health" {
  project      = var.project_id
  display_name = "Nobody reaches ${var.domain}"
  # Asleep until somebody has reached it once: before its records stand, nobody can.
  enabled               = var.health_alert
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = concat(local.channels, local.status_channels)
  user_labels           = var.labels

  conditions {
    display_name = "two places at least get no healthy answer"
    condition_threshold {
      filter = join(" AND ", [
        "resource.type=\"uptime_url\"",
        "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\"",
        "metric.labels.check_id=\"${local._check_id}\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "0s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
      }
    }
  }

  documentation {
    content = "What to do: ${var.runbook_url}#unreachable"
  }
}

resource "google_monitoring_alert_policy" "failing" {
  project               = var.project_id
  display_name          = "Requests fail on our side"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = concat(local.channels, local.status_channels)
  user_labels           = var.labels

  conditions {
    display_name = "share of answers that are 5xx"
    condition_threshold {
      filter             = local._failed_requests
      denominator_filter = local._requests
      comparison         = "COMPARISON_GT"
      threshold_value    = var.thresholds.failing_share
      duration           = "0s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
      }
      denominator_aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_RATE"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    content = "What to do: ${var.runbook_url}#failing"
  }
}
