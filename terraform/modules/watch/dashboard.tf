locals {
  _documents = "resource.type=\"firestore.googleapis.com/Database\""
  _seen = {
    instances = "metric.type=\"run.googleapis.com/container/instance_count\""
    running   = "metric.type=\"run.googleapis.com/job/running_executions\""
    reads     = "metric.type=\"firestore.googleapis.com/document/read_ops_count\""
    writes    = "metric.type=\"firestore.googleapis.com/document/write_ops_count\""
    logged    = "metric.type=\"logging.googleapis.com/billing/bytes_ingested\""
  }

  # Two beside one another, in this order: what clients notice comes first.
  charts = [
    {
      title  = "Requests by class of answer"
      by     = "metric.label.response_code_class"
      filter = local._requests
    },
    {
      title  = "Instances of functions"
      by     = "resource.label.service_name"
      filter = "${local._seen.instances} AND ${local._functions}"
      level  = "ALIGN_MEAN"
    },
    {
      title  = "Executions started"
      filter = local._of.starts
    },
    {
      title  = "Executions ended, by why"
      by     = "metric.label.reason"
      filter = local._ended
    },
    {
      title  = "Runners running, by job"
      by     = "resource.label.job_name"
      filter = "${local._seen.running} AND ${local._jobs}"
      level  = "ALIGN_MEAN"
    },
    {
      title  = "Refused credentials"
      filter = local._of.refused-credentials
    },
    {
      title  = "Failures of functions"
      by     = "resource.label.service_name"
      filter = local._of.failures
    },
    {
      title  = "Accounts at a share of a limit"
      by     = "metric.label.of"
      filter = local._of.budget-alerts
    },
    {
      title  = "Documents read"
      by     = "resource.label.database_id"
      filter = "${local._seen.reads} AND ${local._documents}"
    },
    {
      title  = "Documents written"
      by     = "resource.label.database_id"
      filter = "${local._seen.writes} AND ${local._documents}"
    },
    {
      title  = "Quotas exceeded"
      by     = "metric.label.quota_metric"
      filter = local._quotas
      level  = "ALIGN_COUNT_TRUE"
    },
    {
      title  = "Bytes logged"
      by     = "metric.label.resource_type"
      filter = "${local._seen.logged} AND resource.type=\"global\""
    },
  ]
}

resource "google_monitoring_dashboard" "default" {
  project = var.project_id

  dashboard_json = jsonencode({
    displayName = "Paddock at ${var.domain}"
    mosaicLayout = {
      columns = 48
      tiles = [
        for place, chart in local.charts : {
          xPos   = place % 2 * 24
          yPos   = floor(place / 2) * 16
          width  = 24
          height = 16
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [{
                plotType = "LINE"
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter = chart.filter
                    aggregation = {
                      alignmentPeriod    = "60s"
                      perSeriesAligner   = try(chart.level, "ALIGN_RATE")
                      crossSeriesReducer = "REDUCE_SUM"
                      groupByFields      = try([chart.by], [])
                    }
                  }
                }
              }]
            }
          }
        }
      ]
    }
  })

  depends_on = [google_logging_metric.default]
}
