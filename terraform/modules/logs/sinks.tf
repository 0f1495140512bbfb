locals {
  _is_audit = join(" OR ", [
    for kind in ["access_transparency", "activity", "data_access", "policy", "system_event"] :
    "log_id(\"cloudaudit.googleapis.com/${kind}\")"
  ])
  _is_execution = "resource.type=\"cloud_run_job\""

  # Each entry goes to one bucket, so that it is kept as long as its class says and no longer.
  # Buckets of the same project take entries without a grant to the sink's own identity.
  sinks = {
    paddock-audit = {
      bucket = "audit"
      filter = local._is_audit
    }
    paddock-executions = {
      bucket = "executions"
      filter = "${local._is_execution} AND NOT (${local._is_audit})"
    }
    _Default = {
      bucket = "access"
      filter = "NOT (${local._is_execution}) AND NOT (${local._is_audit})"
    }
  }

  # Both would hold whole paths and queries; the functions write a line for each request that holds
  # the route's pattern instead. What the load balancer answered by itself stays, and so does what a
  # rule in preview would have refused: without it no rule could be judged.
  exclusions = {
    cloud-run-requests = {
      filter = "log_id(\"run.googleapis.com/requests\")"
      why    = "holds whole addresses; the function's own line tells the same without them"
    }
    passed-requests = {
      filter = join(" AND ", [
        "resource.type=\"http_load_balancer\"",
        "jsonPayload.statusDetails=\"response_sent_by_backend\"",
        "NOT jsonPayload.previewSecurityPolicy:*",
      ])
      why = "reached a function, which wrote its own line"
    }
  }
}

resource "google_logging_project_sink" "default" {
  for_each               = local.sinks
  project                = var.project_id
  name                   = each.key
  description            = "to the bucket paddock-${each.value.bucket}"
  destination            = "logging.googleapis.com/${local.ids[each.value.bucket]}"
  filter                 = each.value.filter
  unique_writer_identity = true

  dynamic "exclusions" {
    for_each = each.key == "_Default" ? local.exclusions : {}
    content {
      name        = exclusions.key
      description = exclusions.value.why
      filter      = exclusions.value.filter
    }
  }

  depends_on = [google_logging_project_bucket_config.default]
}
