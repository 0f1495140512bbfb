locals {
  _stdout = "LOG_ID(\"run.googleapis.com/stdout\")"

  # A view shows one group what it needs of a bucket. Addresses and accounts of owners are in
  # `access`; what the platform says of failures is in `errors`, without them.
  views = {
    access = {
      bucket = "access"
      filter = local._stdout
    }
    audit = {
      bucket = "audit"
      filter = join(" OR ", [
        for project in compact([var.project_id, var.runner_project_id]) : "SOURCE(\"projects/${project}\")"
      ])
    }
    errors = {
      bucket = "access"
      filter = "NOT ${local._stdout} AND NOT LOG_ID(\"requests\")"
    }
    executions = {
      bucket = "executions"
      filter = "resource.type = \"cloud_run_job\""
    }
  }

  _readers = merge([
    for view, members in var.readers : {
      for member in members : "${view}/${member}" => { view = view, member = member }
    }
  ]...)
}

resource "google_logging_log_view" "default" {
  for_each    = local.views
  parent      = "projects/${var.project_id}"
  location    = var.location
  bucket      = google_logging_project_bucket_config.default[each.value.bucket].bucket_id
  name        = "paddock-${each.key}"
  description = "for those who read ${each.key}"
  filter      = each.value.filter
}

resource "google_logging_log_view_iam_member" "default" {
  for_each = local._readers
  parent   = "projects/${var.project_id}"
  location = var.location
  bucket   = google_logging_log_view.default[each.value.view].bucket
  name     = google_logging_log_view.default[each.value.view].name
  role     = "roles/logging.viewAccessor"
  member   = each.value.member
}
