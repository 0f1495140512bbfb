# Ids are spelled out rather than read from the buckets, so that a plan shows where logs go.

locals {
  ids = {
    for name in keys(local.buckets) :
    name => "projects/${var.project_id}/locations/${var.location}/buckets/paddock-${name}"
  }
}

output "buckets" {
  description = "Log buckets: `executions`, `access`, `audit` => id."
  value       = local.ids

  depends_on = [google_logging_project_bucket_config.default]
}

output "views" {
  description = "Log views, one for each group of readers: name => where it is, and its name."
  value = {
    for name, view in google_logging_log_view.default : name => {
      location = var.location
      bucket   = view.bucket
      name     = "paddock-${name}"
    }
  }
}

output "runner_sinks" {
  description = "Sinks for a project of the runners' own: name => filter, destination and its bucket."
  value = {
    for name, sink in local.sinks : name => {
      bucket      = "paddock-${sink.bucket}"
      destination = "logging.googleapis.com/${local.ids[sink.bucket]}"
      filter      = sink.filter
    }
  }

  depends_on = [google_logging_project_bucket_config.default]
}
