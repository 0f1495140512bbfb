locals {
  _from_functions  = "resource.type=\"cloud_run_revision\""
  _from_executions = "resource.type=\"cloud_run_job\""

  # What the code writes, by the very fields it writes (shared/pipeline/request-log.ts,
  # shared/store/announce-alerts.ts, runner/supervisor); test/policy tries each filter on the code's
  # own lines.
  metrics = {
    refused-credentials = {
      filter = "${local._from_functions} AND jsonPayload.code=\"UNAUTHORIZED\""
      what   = "requests whose key or token was refused"
      labels = {}
    }
    new-networks = {
      filter = "${local._from_functions} AND jsonPayload.event=\"key.new_network\""
      what   = "keys that were used from another network than before"
      labels = {}
    }
    incidents = {
      filter = "${local._from_functions} AND jsonPayload.event=\"incident.opened\""
      what   = "incidents that a detector has opened"
      labels = { source = "jsonPayload.source" }
    }
    incident-deadlines = {
      filter = "${local._from_functions} AND jsonPayload.event=\"incident.deadline\""
      what   = "reminders that the time to notify those affected runs out"
      labels = {}
    }
    budget-alerts = {
      filter = "${local._from_functions} AND jsonPayload.event=\"budget.alert\""
      what   = "accounts that have spent a share of a limit"
      labels = { of = "jsonPayload.of" }
    }
    starts = {
      filter = join(" AND ", [
        local._from_functions,
        "jsonPayload.route=\"POST /v1/threads/:threadId/messages\"",
        "jsonPayload.status=200",
      ])
      what   = "messages that started an execution"
      labels = {}
    }
    endings = {
      filter = "${local._from_executions} AND jsonPayload.message=\"settled\""
      what   = "executions that ended, by why"
      labels = { reason = "jsonPayload.reason" }
    }
    failures = {
      filter = "${local._from_functions} AND severity>=ERROR"
      what   = "requests that failed on our side, and whatever else functions couldn't do"
      labels = {}
    }
  }

  metric_types = {
    for name in keys(local.metrics) : name => "logging.googleapis.com/user/paddock/${name}"
  }
}

resource "google_logging_metric" "default" {
  for_each    = local.metrics
  project     = var.project_id
  name        = "paddock/${each.key}"
  description = each.value.what
  filter      = each.value.filter
  # A bucket that takes in another project's entries is the only place that has them here.
  bucket_name      = each.key == "endings" ? var.executions_bucket : null
  label_extractors = { for label, field in each.value.labels : label => "EXTRACT(${field})" }

  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = "INT64"
    unit         = "1"
    display_name = each.value.what

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }
}
